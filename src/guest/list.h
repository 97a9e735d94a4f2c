/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list: parsers of comma-separated values. All return NULL if the text is good, else what is wrong with it, and then
 * they have changed nothing.
 */
#ifndef FOLD_GUEST_LIST_H
#define FOLD_GUEST_LIST_H

#include "guest/value.h"

#define LIST_NOT_IP4 "is not an IPv4 address; write one like 10.0.1.5"
#define LIST_NOT_IP6 "is not an IPv6 address; write one like fde5:824d::5"

/* Returned for lack of memory, which is no fault of the text; callers recognise it by its address. */
extern const char list_no_memory[];

/* Parse the address of one host; unlike value_store(), they accept loopback addresses. */
const char *list_read_ip4(const char *text, struct in_addr *out);
const char *list_read_ip6(const char *text, struct in6_addr *out);

/* Add the items of text to the list where `more`, else replace what it holds. */
const char *list_add_ip4(struct ip4_list *to, const char *text, bool more);
const char *list_add_ip6(struct ip6_list *to, const char *text, bool more);
const char *list_add_servers6(struct ip6_list *to, const char *text, bool more); /* that fold itself asks */
const char *list_add_words(struct word_list *to, const char *text, bool more);

/* max: octets in wire form; too_long: the message for a longer list. */
const char *list_add_names(struct name_list *to, const char *text, bool more, size_t max, const char *too_long);

void list_free_words(struct word_list *l);

#endif
