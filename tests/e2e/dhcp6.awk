# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcp6.awk: translates router advertisements (RFC 4861 4.2), solicitations and DHCPv6 messages (RFC 8415) to words.
# Reads the "in HEX" and "out HEX" lines that `frames sniff` prints and writes one line for each message:
#
#   out rs to ff02::2
#   in ra 60 MO prefix fd5e:1:2:3::/64 LA mtu 1376 dns fd5e:1:2:3::50 to fe80::5054:ff:fe00:1
#   out renew fd5e:1:2:3:9:9:9:1 to ff02::1:2
#   in reply fd5e:1:2:3:9:9:9:1 for 20 dns fd5e:1:2:3::50 to fe80::5054:ff:fe00:1
#
# Of an advertisement: the router lifetime, its flags ("-" for none) and its options ("no dns": with a lifetime of 0).
# Of a DHCPv6 message: the first address of its identity associations ("-" for none), in a server's message the valid
# lifetime, and "status N" for a status other than Success.
function number(at, n,    v) {
	for (v = 0; n > 0; n--) {
		v = v * 256 + (index(digits, substr(hex, 2 * at + 1, 1)) - 1) * 16 + index(digits, substr(hex, 2 * at + 2, 1)) - 1
		at++
	}
	return v
}
function address(at,    i, s) {
	for (i = 0; i < 8; i++)
		s = s (i ? ":" : "") sprintf("%x", number(at + 2 * i, 2))
	if (match(s, /(^|:)0(:0)+(:|$)/))
		s = substr(s, 1, RSTART - 1) "::" substr(s, RSTART + RLENGTH)
	return s
}
function servers(at, end,    s) {
	for (s = ""; at + 16 <= end; at += 16)
		s = s (s ? "," : "") address(at)
	return s
}
function advertisement(    at, len, flags, text) {
	flags = (number(59, 1) >= 128 ? "M" : "") (number(59, 1) % 128 >= 64 ? "O" : "")
	text = "ra " number(60, 2) " " (flags ? flags : "-")
	for (at = 70; at + 8 <= size && (len = 8 * number(at + 1, 1)); at += len) {
		if (number(at, 1) == 3)
			text = text " prefix " address(at + 16) "/" number(at + 2, 1) " " \
			    (number(at + 3, 1) >= 128 ? "L" : "") (number(at + 3, 1) % 128 >= 64 ? "A" : "")
		else if (number(at, 1) == 5)
			text = text " mtu " number(at + 4, 4)
		else if (number(at, 1) == 25)
			text = text (number(at + 4, 4) ? " dns " : " no dns ") servers(at + 8, at + len)
	}
	return text
}
# The options of a DHCPv6 message or of an identity association within it.
function options(at, end,    code, len) {
	for (; at + 4 <= end; at += 4 + len) {
		code = number(at, 2)
		len = number(at + 2, 2)
		if (code == 3 || code == 4)
			options(at + (code == 3 ? 16 : 8), at + 4 + len)
		else if (code == 5 && !about) {
			about = address(at + 4)
			valid = number(at + 24, 4)
		} else if (code == 13 && number(at + 4, 2))
			status = " status " number(at + 4, 2)
		else if (code == 23)
			dns = " dns " servers(at + 4, at + 4 + len)
	}
}
BEGIN {
	digits = "0123456789abcdef"
	split("solicit advertise request confirm renew rebind reply release decline reconfigure information-request", names, " ")
}
$1 == "in" || $1 == "out" {
	hex = tolower($2)
	size = length(hex) / 2
	if (size < 62 || number(12, 2) != 34525)
		next
	to = address(38)
	next_header = number(20, 1)
	if (next_header == 58 && number(54, 1) == 133)
		print $1, "rs to", to
	else if (next_header == 58 && number(54, 1) == 134)
		print $1, advertisement(), "to", to
	else if (next_header == 17 && (number(56, 2) == 546 || number(56, 2) == 547)) {
		type = number(62, 1)
		about = status = dns = ""
		options(66, 54 + number(58, 2))
		print $1, (type in names ? names[type] : type), (about ? about : "-") ($1 == "in" && about ? " for " valid : "") \
		    status dns, "to", to
	}
}
