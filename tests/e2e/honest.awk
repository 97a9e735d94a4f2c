# SPDX-License-Identifier: GPL-2.0-or-later
#
# honest.awk: finds the frames that no honest machine on the network of attack6.sh would have sent. Reads the "in HEX"
# lines that `frames sniff` prints and prints those frames, each with what is wrong with it.
#
#   -v who="MAC ADDRESS MAC ADDRESS..."   the machines of the network: hex digits only, addresses with all 32
#   -v self=MAC                           the machine that captured: it must not receive frames with its own MAC
#   -v guest=MAC                          the attacker: what hosts may send and a guest may not is a fault only from it
#   -v fold=MAC                           MAC of the fold that serves the capturing guest; its frames are not checked
#
# Specifications: RFC 4861 (who says what in neighbour discovery), 4862 5.4, 8415.
function octets(at, n) {
	return substr(hex, 2 * at + 1, 2 * n)
}
# option_is_wrong KIND: whether a link-layer address option of the frame is not the sender's own MAC.
function option_is_wrong(kind,    at) {
	for (at = 78; at + 8 <= length(hex) / 2; at += 8)
		if (octets(at, 2) != kind "01" ? octets(at, 2) != "0e01" : octets(at + 2, 6) != mac)
			return 1
	return 0
}
# fault: what is wrong with the frame, "" if nothing is.
function fault(    type, next_header, source) {
	if (octets(12, 2) != "86dd" || mac == fold)
		return ""
	source = octets(22, 16)
	next_header = octets(20, 1)
	type = octets(54, 1)
	if (mac == self || !(mac in own))
		return "source MAC"
	# A guest may form its link-local address in its own way, but it may not take that of another machine (one made
	# from a MAC) or one of those that people choose for routers.
	if (mac == guest && source ~ /^fe80000000000000/ && substr(source, 17, 8) != "00000000" && substr(source, 23, 4) != "fffe" && type == "87")
		source = local[mac]
	if (source != own[mac] && source != local[mac] && (source != any || (next_header != "3a" && mac == guest)))
		return "source address"
	# Hosts report their multicast groups (MLD, behind a hop-by-hop header), which a guest may not. TCP is fine
	# from all.
	if ((mac != guest && next_header == "00") || next_header == "06")
		return ""
	if (next_header == "11") {
		if (octets(54, 2) == "0223" || (mac == guest && octets(56, 2) == "0222"))
			return "DHCPv6"
		return mac == guest && source != own[mac] ? "data over a link-local address" : ""
	}
	if (next_header != "3a")
		return "next header"
	if (type == "86" || type == "89")
		return "a router's message"
	if (type == "87" || type == "88") {
		if (octets(21, 1) != "ff" || octets(55, 1) != "00")
			return "neighbour discovery from afar"
		if (option_is_wrong(type == "87" ? "01" : "02"))
			return "option"
		if ((type == "88" || source == any) && mac == guest && octets(62, 16) != own[mac] && octets(62, 16) != local[mac])
			return "target"
		return ""
	}
	return mac == guest && (source != own[mac] || type !~ /^(01|02|03|04|80|81)$/) ? "ICMPv6" : ""
}
BEGIN {
	n = split(who, w, " ")
	for (i = 1; i < n; i += 2) {
		own[w[i]] = w[i + 1]
		first = index("0123456789abcdef", substr(w[i], 2, 1)) - 1
		flipped = int(first / 4) * 4 + (first % 4 >= 2 ? first % 2 : 2 + first % 2)
		local[w[i]] = "fe80000000000000" substr(w[i], 1, 1) substr("0123456789abcdef", flipped + 1, 1) \
		    substr(w[i], 3, 4) "fffe" substr(w[i], 7)
	}
	any = "00000000000000000000000000000000"
}
$1 == "in" {
	hex = tolower($2)
	mac = octets(6, 6)
	why = fault()
	if (why)
		print why ": " hex
}
