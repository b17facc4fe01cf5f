/* The floors of the benchmark: how little the same work can cost on this machine.
 *
 *   floor server        answers every GET with 1 KiB from memory
 *   floor proxy PORT    passes requests on to 127.0.0.1:PORT and the answers back
 *
 * One thread, level-triggered epoll, keep-alive, one connection to the origin for each client. They
 * check nothing, keep nothing, log nothing: no proxy can be this careless, and none can be faster
 * without saving system calls. Each listens on a free port of 127.0.0.1, prints the number, and runs
 * until it is killed.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { OBJECT = 1024, EVENTS = 256, ROOM = 65536 };

/* One end. A proxy's two ends are each other's peers; a server's have none. */
struct end {
  int descriptor;
  struct end *peer;
};

static int epoll;
static struct sockaddr_in origin;
static char answer[2048], room[ROOM];
static int answer_length;

static void fail(const char *call) {
  perror(call);
  exit(1);
}

static struct end *watch(int descriptor) {
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct end *it = calloc(1, sizeof *it);
  if (!it) fail("calloc");
  it->descriptor = descriptor;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = it};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
  return it;
}

/* Connects and waits for it, once for each client. */
static struct end *reach_origin(void) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr *)&origin, sizeof origin)) fail("connect");
  return watch(descriptor);
}

static void accept_all(int listener) {
  for (;;) {
    int descriptor = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (descriptor < 0) return;
    struct end *client = watch(descriptor);
    if (!origin.sin_port) continue;
    client->peer = reach_origin();
    client->peer->peer = client;
  }
}

/* The memory of ends is left behind: an event of this turn may still name it. */
static void finish(struct end *it) {
  if (it->descriptor >= 0) close(it->descriptor);
  it->descriptor = -1;
}

static void readable(struct end *it) {
  if (it->descriptor < 0) return;
  ssize_t count = recv(it->descriptor, room, ROOM, MSG_DONTWAIT);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    if (it->peer) finish(it->peer);
    return finish(it);
  }
  if (it->peer) {
    if (send(it->peer->descriptor, room, count, MSG_NOSIGNAL) != count) finish(it->peer);
  } else if (count >= 4 && !memcmp(room + count - 4, "\r\n\r\n", 4)) {
    if (send(it->descriptor, answer, answer_length, MSG_NOSIGNAL) != answer_length) finish(it);
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

int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "proxy")) {
    origin = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((unsigned short)atoi(words[2]))};
  } else if (count != 2 || strcmp(words[1], "server")) {
    fprintf(stderr, "floor server | floor proxy PORT\n");
    return 64;
  }
  answer_length = sprintf(answer,
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: public, max-age=3600\r\n"
      "Content-Length: %d\r\n\r\n", OBJECT);
  memset(answer + answer_length, 'x', OBJECT);
  answer_length += OBJECT;
  epoll = epoll_create1(0);
  int listener = listening();
  struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &wanted)) fail("epoll_ctl");
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS, -1);
    for (int index = 0; index < ready; index++) {
      struct end *it = events[index].data.ptr;
      if (it) readable(it);
      else accept_all(listener);
    }
  }
}
