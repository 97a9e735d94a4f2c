# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcp.awk: translates DHCPv4 messages (RFC 2131, 2132) to words. Reads the "in HEX" and "out HEX" lines that `frames
# sniff` prints and writes one line for each message:
#
#   out renew 10.0.1.1 to 10.0.1.254       (kind of a request by RFC 2131 4.3.2: select, reboot, renew or rebind)
#   in ack 10.0.1.1 to 10.0.1.1
#
# The first address is the client's (yiaddr, else ciaddr, else option 50), the second is the IP destination.
function number(at, n,    v) {
	for (v = 0; n > 0; n--) {
		v = v * 256 + (index(digits, substr(hex, 2 * at + 1, 1)) - 1) * 16 + index(digits, substr(hex, 2 * at + 2, 1)) - 1
		at++
	}
	return v
}
function address(at) {
	return number(at, 1) "." number(at + 1, 1) "." number(at + 2, 1) "." number(at + 3, 1)
}
BEGIN {
	digits = "0123456789abcdef"
	split("discover offer request decline ack nak release inform", names, " ")
}
$1 == "in" || $1 == "out" {
	hex = tolower($2)
	size = length(hex) / 2
	if (size < 14 + 20 + 8 + 240 || number(12, 2) != 2048)
		next
	bootp = 14 + 4 * (number(14, 1) % 16) + 8
	type = 0
	wish = server = ""
	for (at = bootp + 240; at < size && number(at, 1) != 255; at += code ? 2 + number(at + 1, 1) : 1) {
		code = number(at, 1)
		if (code == 53)
			type = number(at + 2, 1)
		else if (code == 50)
			wish = address(at + 2)
		else if (code == 54)
			server = address(at + 2)
	}
	to = address(30)
	about = address(bootp + 16)
	if (about == "0.0.0.0")
		about = address(bootp + 12)
	name = names[type]
	if (type == 3)
		name = about == "0.0.0.0" ? (server ? "select" : "reboot") : to == "255.255.255.255" ? "rebind" : "renew"
	if (about == "0.0.0.0" && wish)
		about = wish
	print $1, name, about, "to", to
}
