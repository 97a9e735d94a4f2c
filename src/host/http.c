/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/http.h"

#include "base/cleanup.h"
#include "base/library.h"

#include <errno.h>
#include <string.h>

#include <curl/curl.h>

#define HEADERS_MOST 65536 /* octets of all of them */

/* What is used of the library. */
struct curl {
	__typeof__(&curl_global_init) global_init;
	__typeof__(&curl_easy_init) easy_init;
	__typeof__(&curl_easy_setopt) setopt;
	__typeof__(&curl_easy_getinfo) getinfo;
	__typeof__(&curl_easy_reset) reset;
	__typeof__(&curl_easy_cleanup) easy_cleanup;
	__typeof__(&curl_easy_strerror) strerror;
	__typeof__(&curl_multi_init) multi_init;
	__typeof__(&curl_multi_add_handle) add;
	__typeof__(&curl_multi_remove_handle) remove;
	__typeof__(&curl_multi_perform) perform;
	__typeof__(&curl_multi_poll) poll;
	__typeof__(&curl_multi_info_read) info_read;
	__typeof__(&curl_multi_cleanup) multi_cleanup;
};

struct http {
	struct curl c;
	CURLM *multi; /* keeps the connection from one question to the next */
	CURL *easy;
	char error[CURL_ERROR_SIZE];
	char body[HTTP_BODY_MOST + 1];
	size_t len, headers;
	bool too_much;
};

static bool find_all(void *library, struct curl *out)
{
	return library_find(library, "curl_global_init", &out->global_init) &&
	       library_find(library, "curl_easy_init", &out->easy_init) &&
	       library_find(library, "curl_easy_setopt", &out->setopt) &&
	       library_find(library, "curl_easy_getinfo", &out->getinfo) &&
	       library_find(library, "curl_easy_reset", &out->reset) &&
	       library_find(library, "curl_easy_cleanup", &out->easy_cleanup) &&
	       library_find(library, "curl_easy_strerror", &out->strerror) &&
	       library_find(library, "curl_multi_init", &out->multi_init) &&
	       library_find(library, "curl_multi_add_handle", &out->add) &&
	       library_find(library, "curl_multi_remove_handle", &out->remove) &&
	       library_find(library, "curl_multi_perform", &out->perform) &&
	       library_find(library, "curl_multi_poll", &out->poll) &&
	       library_find(library, "curl_multi_info_read", &out->info_read) &&
	       library_find(library, "curl_multi_cleanup", &out->multi_cleanup);
}

static int load(struct curl *out, struct report *r)
{
	/* Debian builds it with two TLS libraries, neither of which is used here. */
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
	void *library = library_open(names);

	if (!library)
		return report_fail(r, ENOENT,
				   "libcurl.so.4: cannot be loaded, and Weave Net's router is asked with it; install "
				   "it (Debian: libcurl4)");
	if (!find_all(library, out))
		return report_fail(r, ENOENT, "libcurl.so.4: is too old; install 7.85 or later");
	/* No TLS: it is not spoken here, and takes time to set up. */
	return out->global_init(CURL_GLOBAL_NOTHING) == CURLE_OK ? 0
								 : report_fail(r, EIO, "libcurl.so.4: does not start");
}

int http_open(struct http **out, struct report *r)
{
	struct curl c = {0};
	int err = load(&c, r);
	struct http *h = err ? NULL : calloc(1, sizeof(*h));

	if (err)
		return err;
	if (!h)
		return report_fail(r, ENOMEM, "out of memory");
	h->c = c;
	h->multi = h->c.multi_init();
	h->easy = h->c.easy_init();
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
		h->c.easy_cleanup(h->easy);
	if (h->multi)
		h->c.multi_cleanup(h->multi);
	free(h);
}

/* Less than it was given is how a callback says that this is enough. */
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
	const struct curl *c = &h->c;
	CURL *e = h->easy;
	CURLcode bad = CURLE_OK;

	c->reset(e);
	h->error[0] = 0;
	h->len = h->headers = 0;
	h->too_much = false;
	bad |= c->setopt(e, CURLOPT_URL, q->url);
	bad |= c->setopt(e, CURLOPT_PATH_AS_IS, 1L);
	bad |= c->setopt(e, CURLOPT_PROTOCOLS_STR, "http");
	bad |= c->setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* An empty one is none, whatever http_proxy in the environment says. */
	bad |= c->setopt(e, CURLOPT_PROXY, "");
	bad |= c->setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	bad |= c->setopt(e, CURLOPT_NOSIGNAL, 1L);
	bad |= c->setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_MS);
	bad |= c->setopt(e, CURLOPT_TIMEOUT_MS, (long)q->total_ms);
	bad |= c->setopt(e, CURLOPT_MAXFILESIZE, (long)HTTP_BODY_MOST);
	bad |= c->setopt(e, CURLOPT_USERAGENT, "fold/" FOLD_VERSION);
	bad |= c->setopt(e, CURLOPT_ERRORBUFFER, h->error);
	bad |= c->setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	bad |= c->setopt(e, CURLOPT_WRITEDATA, h);
	bad |= c->setopt(e, CURLOPT_HEADERFUNCTION, count_header);
	bad |= c->setopt(e, CURLOPT_HEADERDATA, h);
	if (strcmp(q->method, "POST") == 0) {
		bad |= c->setopt(e, CURLOPT_POSTFIELDS, "");
		bad |= c->setopt(e, CURLOPT_POSTFIELDSIZE, 0L);
		/* On a used connection that breaks off it would be sent a second time, and nobody would hear of the first. */
		bad |= c->setopt(e, CURLOPT_FRESH_CONNECT, 1L);
	} else {
		bad |= c->setopt(e, CURLOPT_CUSTOMREQUEST, q->method);
	}
	return bad == CURLE_OK;
}

/* Until it is over: 0 and *code, or -errno. */
static int transfer(struct http *h, int wake, CURLcode *code)
{
	struct curl_waitfd also = {.fd = wake, .events = CURL_WAIT_POLLIN};
	int running = 1, left;

	for (;;) {
		if (h->c.perform(h->multi, &running) != CURLM_OK)
			return -EIO;
		if (!running)
			break;
		if (h->c.poll(h->multi, &also, wake >= 0, 1000, NULL) != CURLM_OK)
			return -EIO;
		if (wake >= 0 && also.revents)
			return -EINTR;
	}
	const CURLMsg *m = h->c.info_read(h->multi, &left);
	*code = m ? m->data.result : CURLE_FAILED_INIT;
	return 0;
}

/* What curl says, in few words; its own where there is no better. */
static int explain(struct http *h, CURLcode code, const struct http_request *q, struct report *r)
{
	long sent = 0, why = 0;

	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		h->c.getinfo(h->easy, CURLINFO_REQUEST_SIZE, &sent);
		if (!sent)
			return report_fail(r, ECONNREFUSED, "cannot be reached (no connection within %d s)",
					   HTTP_CONNECT_MS / 1000);
		return report_fail(r, ETIMEDOUT, "gives no whole reply within %u s", q->total_ms / 1000);
	case CURLE_COULDNT_CONNECT:
		h->c.getinfo(h->easy, CURLINFO_OS_ERRNO, &why);
		return report_fail(r, ECONNREFUSED, "cannot be reached (%s)", strerror(why ? (int)why : ECONNREFUSED));
	case CURLE_COULDNT_RESOLVE_HOST:
		return report_fail(r, ECONNREFUSED, "cannot be reached (%s)",
				   h->error[0] ? h->error : h->c.strerror(code));
	case CURLE_FILESIZE_EXCEEDED:
		return report_fail(r, EMSGSIZE, "answers with more than %d octets", HTTP_BODY_MOST);
	case CURLE_WRITE_ERROR:
		if (h->too_much)
			return report_fail(r, EMSGSIZE, "answers with more than %d octets", HTTP_BODY_MOST);
		return report_fail(r, EIO, "cannot be asked (%s)", h->c.strerror(code));
	case CURLE_GOT_NOTHING:
		return report_fail(r, EPROTO, "closes the connection without a word");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return report_fail(r, EPROTO, "breaks off in the middle of its reply");
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return report_fail(r, EPROTO, "answers with something that is not HTTP");
	default:
		return report_fail(r, EPROTO, "cannot be asked (%s)", h->error[0] ? h->error : h->c.strerror(code));
	}
}

/* While the question still belongs to the multi handle, which knows the connection. */
static void describe(struct http *h, struct http_reply *out)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	long status = 0, connects = 0;

	h->c.getinfo(h->easy, CURLINFO_RESPONSE_CODE, &status);
	h->c.getinfo(h->easy, CURLINFO_NUM_CONNECTS, &connects);
	h->c.getinfo(h->easy, CURLINFO_ACTIVESOCKET, &fd);
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
	if (h->c.add(h->multi, h->easy) != CURLM_OK)
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
	h->c.remove(h->multi, h->easy);
	return err;
}
