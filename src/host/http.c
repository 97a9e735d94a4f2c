/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/http.h"

#include "base/cleanup.h"
#include "base/library.h"

#include <errno.h>
#include <string.h>

#define CURL_DISABLE_TYPECHECK /* macros that have functions' names, which are fields here */
#include <curl/curl.h>

#define HEADERS_MOST 65536 /* octets of all headers of a reply */

/* clang-format off */
#define USED(X) \
	X(curl_global_init) X(curl_easy_init) X(curl_easy_setopt) X(curl_easy_getinfo) X(curl_easy_reset) \
	X(curl_easy_cleanup) X(curl_easy_strerror) X(curl_multi_init) X(curl_multi_add_handle) \
	X(curl_multi_remove_handle) X(curl_multi_perform) X(curl_multi_poll) X(curl_multi_info_read) \
	X(curl_multi_cleanup)
/* clang-format on */
static struct {
	USED(LIBRARY_POINTER)
} lib;

struct http {
	CURLM *multi; /* keeps the connection open from one request to the next */
	CURL *easy;
	char error[CURL_ERROR_SIZE];
	char body[HTTP_BODY_MOST + 1];
	size_t len, headers;
	bool too_much;
};

static int load(struct report *r)
{
	/* Debian has two builds of libcurl, for two TLS libraries. fold uses no TLS, so either will do. */
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
	void *library = library_open(names);

	if (!library)
		return report_fail(r, ENOENT,
				   "libcurl.so.4: cannot be loaded, and Weave Net's router is asked with it; install "
				   "it (Debian: libcurl4)");
	if (!(true USED(LIBRARY_FIND)))
		return report_fail(r, ENOENT, "libcurl.so.4: is too old; install 7.85 or later");
	/* CURL_GLOBAL_NOTHING: fold uses no TLS, and setting it up takes time. */
	return lib.curl_global_init(CURL_GLOBAL_NOTHING) == CURLE_OK
		   ? 0
		   : report_fail(r, EIO, "libcurl.so.4: does not start");
}

int http_open(struct http **out, struct report *r)
{
	int err = load(r);
	struct http *h = err ? NULL : calloc(1, sizeof(*h));

	if (err)
		return err;
	if (!h)
		return report_fail(r, ENOMEM, "out of memory");
	h->multi = lib.curl_multi_init();
	h->easy = lib.curl_easy_init();
	if (!h->multi || !h->easy) {
		http_close(h);
		return report_fail(r, ENOMEM, "out of memory");
	}
	*out = h;
	return 0;
}

void http_close(struct http *h)
{
	if (!h)
		return;
	if (h->easy)
		lib.curl_easy_cleanup(h->easy);
	if (h->multi)
		lib.curl_multi_cleanup(h->multi);
	free(h);
}

/* A callback of curl ends the transfer by returning less than the size that it was given. */
static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
	struct http *h = arg;
	size_t n = size * count;

	if (n > HTTP_BODY_MOST - h->len) {
		h->too_much = true;
		return 0;
	}
	memcpy(h->body + h->len, data, n);
	h->len += n;
	return n;
}

static size_t count_header(char *data, size_t size, size_t count, void *arg)
{
	struct http *h = arg;
	size_t n = size * count;

	(void)data;
	h->headers += n;
	h->too_much |= h->headers > HEADERS_MOST;
	return h->too_much ? 0 : n;
}

static bool set_up(struct http *h, const struct http_request *q)
{
	CURL *e = h->easy;
	CURLcode bad = CURLE_OK;

	lib.curl_easy_reset(e);
	h->error[0] = 0;
	h->len = h->headers = 0;
	h->too_much = false;
	bad |= lib.curl_easy_setopt(e, CURLOPT_URL, q->url);
	bad |= lib.curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
	bad |= lib.curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
	bad |= lib.curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* An empty string means no proxy, whatever http_proxy in the environment says. */
	bad |= lib.curl_easy_setopt(e, CURLOPT_PROXY, "");
	bad |= lib.curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= lib.curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= lib.curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	bad |= lib.curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)q->total_ms);
	bad |= lib.curl_easy_setopt(e, CURLOPT_MAXFILESIZE, (long)HTTP_BODY_MOST);
	bad |= lib.curl_easy_setopt(e, CURLOPT_USERAGENT, "fold/" FOLD_VERSION);
	bad |= lib.curl_easy_setopt(e, CURLOPT_ERRORBUFFER, h->error);
	bad |= lib.curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	bad |= lib.curl_easy_setopt(e, CURLOPT_WRITEDATA, h);
	bad |= lib.curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, count_header);
	bad |= lib.curl_easy_setopt(e, CURLOPT_HEADERDATA, h);
	if (strcmp(q->method, "POST") == 0) {
		bad |= lib.curl_easy_setopt(e, CURLOPT_POSTFIELDS, "");
		bad |= lib.curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, 0L);
		/* If a reused connection broke off, curl would send the POST again, unknown to fold. */
		bad |= lib.curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	} else {
		bad |= lib.curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
	}
	return bad == CURLE_OK;
}

/* Runs the request to its end. 0 and *code, or -errno (-EINTR: `wake` became readable). */
static int transfer(struct http *h, int wake, CURLcode *code)
{
	struct curl_waitfd also = {.fd = wake, .events = CURL_WAIT_POLLIN};
	int running = 1, left;

	for (;;) {
		if (lib.curl_multi_perform(h->multi, &running) != CURLM_OK)
			return -EIO;
		if (!running)
			break;
		if (lib.curl_multi_poll(h->multi, &also, wake >= 0, 1000, NULL) != CURLM_OK)
			return -EIO;
		if (wake >= 0 && also.revents)
			return -EINTR;
	}
	const CURLMsg *m = lib.curl_multi_info_read(h->multi, &left);
	*code = m ? m->data.result : CURLE_FAILED_INIT;
	return 0;
}

/* Puts curl's error into a short line, in curl's own words where fold has no better ones. */
static int explain(struct http *h, CURLcode code, const struct http_request *q, struct report *r)
{
	long sent = 0, why = 0;

	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		lib.curl_easy_getinfo(h->easy, CURLINFO_REQUEST_SIZE, &sent);
		if (!sent)
			return report_fail(r, ECONNREFUSED, "cannot be reached (no connection within %d s)",
					   HTTP_CONNECT_MS / 1000);
		return report_fail(r, ETIMEDOUT, "gives no whole reply within %u s", q->total_ms / 1000);
	case CURLE_COULDNT_CONNECT:
		lib.curl_easy_getinfo(h->easy, CURLINFO_OS_ERRNO, &why);
		return report_fail(r, ECONNREFUSED, "cannot be reached (%s)", strerror(why ? (int)why : ECONNREFUSED));
	case CURLE_COULDNT_RESOLVE_HOST:
		return report_fail(r, ECONNREFUSED, "cannot be reached (%s)",
				   h->error[0] ? h->error : lib.curl_easy_strerror(code));
	case CURLE_FILESIZE_EXCEEDED:
		return report_fail(r, EMSGSIZE, "answers with more than %d octets", HTTP_BODY_MOST);
	case CURLE_WRITE_ERROR:
		if (h->too_much)
			return report_fail(r, EMSGSIZE, "answers with more than %d octets", HTTP_BODY_MOST);
		return report_fail(r, EIO, "cannot be asked (%s)", lib.curl_easy_strerror(code));
	case CURLE_GOT_NOTHING:
		return report_fail(r, EPROTO, "closes the connection without a word");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return report_fail(r, EPROTO, "breaks off in the middle of its reply");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return report_fail(r, EPROTO, "answers with something that is not HTTP");
	default:
		return report_fail(r, EPROTO, "cannot be asked (%s)",
				   h->error[0] ? h->error : lib.curl_easy_strerror(code));
	}
}

/* To be called before the easy handle leaves the multi handle, which knows the connection. */
static void describe(struct http *h, struct http_reply *out)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	long status = 0, connects = 0;

	lib.curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	lib.curl_easy_getinfo(h->easy, CURLINFO_NUM_CONNECTS, &connects);
	lib.curl_easy_getinfo(h->easy, CURLINFO_ACTIVESOCKET, &fd);
	h->body[h->len] = 0;
	*out = (struct http_reply){
	    .status = (int)status,
	    .body = h->body,
	    .len = h->len,
	    .fresh = connects > 0,
	    .kept_fd = fd == CURL_SOCKET_BAD ? -1 : fd,
	};
}

int http_ask(struct http *h, const struct http_request *q, struct http_reply *out, struct report *r)
{
	CURLcode code = CURLE_OK;

	if (!set_up(h, q))
		return report_fail(r, EINVAL, "cannot be asked (libcurl is too old; 7.85 is needed)");
	if (lib.curl_multi_add_handle(h->multi, h->easy) != CURLM_OK)
		return report_fail(r, EIO, "cannot be asked (libcurl fails)");
	int err = transfer(h, q->wake, &code);
	if (err == -EINTR)
		report_set(r, "was still being asked when a signal came");
	else if (err)
		report_set(r, "cannot be asked (libcurl fails)");
	else if (code != CURLE_OK)
		err = explain(h, code, q, r);
	else
		describe(h, out);
	lib.curl_multi_remove_handle(h->multi, h->easy);
	return err;
}
