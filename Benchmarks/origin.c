/* The origin of the benchmark: answers at once, so that what is measured is the proxy before it.
 *
 *   GET  /c/BYTES/…   so much that may be stored for an hour; /cached is /c/1024
 *   GET  /v/BYTES/…   the same, different by X-Variant
 *   GET  /p/BYTES/…   so much that may not be stored; everything else is /p/1024
 *   POST (any)        takes the content and answers a small JSON verdict; echoes Transaction-Token
 *
 * One thread, level-triggered epoll, keep-alive. It listens on a free port of 127.0.0.1, prints the
 * number, and runs until it is killed. Trusts its peer to frame requests by Content-Length: it is no
 * server for anything else.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { HEAD_LIMIT = 16384, OBJECT = 1024, EVENTS = 256, FILLER = 262144 };

struct connection {
  int descriptor;
  int filled;             /* bytes of the next head that are here */
  long long content;      /* bytes of request content still to come */
  long long filler;       /* bytes of response content still to be sent */
  int answers_after;      /* an answer is due when the content is here */
  int answer_length;
  char answer[512];
  char head[HEAD_LIMIT];
};

static char scratch[FILLER], filler[FILLER], cached[2048], plain[2048];
static int cached_length, plain_length, epoll;

static void fail(const char *call) {
  perror(call);
  exit(1);
}

static int object_head(char *into, const char *control, long long size) {
  return sprintf(into,
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: %s\r\n"
      "ETag: \"one\"\r\nContent-Length: %lld\r\n\r\n", control, size);
}

static int object(char *into, const char *control) {
  int length = object_head(into, control, OBJECT);
  memset(into + length, 'x', OBJECT);
  return length + OBJECT;
}

/* The value of a field in the head, or NULL; its length goes to *length. */
static const char *field(const char *head, const char *name, int *length) {
  size_t name_length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, name_length) || line[name_length] != ':') continue;
    const char *value = line + name_length + 1;
    value += strspn(value, " \t");
    *length = (int)strcspn(value, "\r");
    return value;
  }
  return NULL;
}

static void watch(struct connection *it, unsigned interest, int operation) {
  struct epoll_event event = {.events = interest, .data.ptr = it};
  if (epoll_ctl(epoll, operation, it->descriptor, &event)) fail("epoll_ctl");
}

static void end(struct connection *it) {
  close(it->descriptor);
  free(it);
}

/* Small answers always fit into the socket: a client has one request under way. */
static int answer(struct connection *it, const char *bytes, int length) {
  return send(it->descriptor, bytes, length, MSG_NOSIGNAL) == length;
}

static void prepare_verdict(struct connection *it) {
  static const char verdict[] = "{\"authorized\":true,\"user\":{\"name\":\"ann\"}}";
  int length = 0;
  const char *token = field(it->head, "transaction-token", &length);
  it->answer_length = snprintf(it->answer, sizeof it->answer,
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
      "Content-Length: %d\r\n%s%.*s%s\r\n%s", (int)sizeof verdict - 1,
      token ? "Transaction-Token: " : "", token ? length : 0, token ? token : "",
      token ? "\r\n" : "", verdict);
  it->answers_after = 1;
}

/* Answers with a head and as many bytes as are asked for: what the socket takes at once, the rest
 * when it takes more. */
static int respond_sized(struct connection *it, char kind, long long size) {
  char head[512];
  const char *control = kind == 'c' ? "public, max-age=3600"
      : kind == 'v' ? "public, max-age=3600\r\nVary: X-Variant" : "no-store";
  int length = object_head(head, control, size);
  struct iovec pieces[2] = {
      {.iov_base = head, .iov_len = (size_t)length},
      {.iov_base = filler, .iov_len = (size_t)(size < FILLER ? size : FILLER)}};
  ssize_t sent = writev(it->descriptor, pieces, 2);
  if (sent < length) return 0;
  it->filler = size - (sent - length);
  if (it->filler) watch(it, EPOLLOUT, EPOLL_CTL_MOD);
  return 1;
}

/* Answers the head at the beginning of it->head. False where the connection must end. */
static int respond(struct connection *it) {
  int length = 0;
  const char *value = field(it->head, "content-length", &length);
  it->content = value ? atoll(value) : 0;
  if (!strncmp(it->head, "POST", 4)) {
    prepare_verdict(it);
    return 1;
  }
  if (!strncmp(it->head, "GET /cached", 11)) return answer(it, cached, cached_length);
  if (it->head[0] != 'G' || it->head[4] != '/' || it->head[6] != '/')
    return answer(it, plain, plain_length);
  return respond_sized(it, it->head[5], atoll(it->head + 7));
}

/* Takes content off the front of what was read. */
static int take_content(struct connection *it) {
  long long taken = it->filled < it->content ? it->filled : it->content;
  it->content -= taken;
  it->filled -= (int)taken;
  memmove(it->head, it->head + taken, it->filled + 1);
  if (it->content || !it->answers_after) return 1;
  it->answers_after = 0;
  return answer(it, it->answer, it->answer_length);
}

static int work_off(struct connection *it) {
  while (it->filled && !it->filler) {
    char *rest = strstr(it->head, "\r\n\r\n");
    if (!rest) return it->filled < HEAD_LIMIT - 1;
    *rest = 0; /* fields end here */
    if (!respond(it)) return 0;
    int used = (int)(rest + 4 - it->head);
    it->filled -= used;
    memmove(it->head, it->head + used, it->filled + 1);
    if ((it->content || it->answers_after) && !take_content(it)) return 0;
    if (it->content) return 1;
  }
  return 1;
}

static int readable(struct connection *it) {
  if (it->content) {
    size_t most = it->content < FILLER ? (size_t)it->content : FILLER;
    ssize_t count = recv(it->descriptor, scratch, most, 0);
    if (count <= 0) return count < 0 && errno == EAGAIN;
    it->content -= count;
    return it->content || take_content(it);
  }
  ssize_t count = recv(it->descriptor, it->head + it->filled, HEAD_LIMIT - 1 - it->filled, 0);
  if (count <= 0) return count < 0 && errno == EAGAIN;
  it->filled += (int)count;
  it->head[it->filled] = 0;
  return work_off(it);
}

static int writable(struct connection *it) {
  size_t most = it->filler < FILLER ? (size_t)it->filler : FILLER;
  ssize_t count = send(it->descriptor, filler, most, MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN;
  it->filler -= count;
  if (!it->filler) watch(it, EPOLLIN, EPOLL_CTL_MOD);
  return 1;
}

static void accept_all(int listener) {
  for (;;) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (descriptor < 0) return;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct connection *it = calloc(1, sizeof *it);
    if (!it) fail("calloc");
    it->descriptor = descriptor;
    watch(it, EPOLLIN, EPOLL_CTL_ADD);
  }
}

static int listening(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, size)) fail("bind");
  if (listen(listener, 4096)) fail("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &size)) fail("getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(void) {
  cached_length = object(cached, "public, max-age=3600");
  plain_length = object(plain, "no-store");
  memset(filler, 'x', sizeof filler);
  epoll = epoll_create1(0);
  int listener = listening();
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted)) fail("epoll_ctl");
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int index = 0; index < count; index++) {
      struct connection *it = events[index].data.ptr;
      if (!it) accept_all(listener);
      else if (!(it->filler ? writable(it) : readable(it))) end(it);
    }
  }
}
