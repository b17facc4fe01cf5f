// No _GNU_SOURCE: the types in these headers would differ from those in Swift's own Glibc module.
// What it would have shown is declared below.
#include <grp.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

extern int accept4(int, struct sockaddr *, socklen_t *, int);

// prctl takes variable arguments, which Swift cannot pass.
static inline int countersign_set_dumpable(int on) { return prctl(PR_SET_DUMPABLE, on, 0, 0, 0); }
static inline int countersign_is_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

// In Swift the name is that of a structure.
static inline int countersign_lock_file(int file) { return flock(file, LOCK_EX | LOCK_NB); }
static inline int countersign_unlock_file(int file) { return flock(file, LOCK_UN); }

// The enumeration types of these arguments differ between C libraries; as functions they are plain.
static inline int countersign_get_limit(int which, unsigned long *now, unsigned long *most) {
  struct rlimit limit;
  int result = getrlimit(which, &limit);
  *now = limit.rlim_cur;
  *most = limit.rlim_max;
  return result;
}
static inline int countersign_set_limit(int which, unsigned long now, unsigned long most) {
  struct rlimit limit = {now, most};
  return setrlimit(which, &limit);
}

enum {
  countersign_stream = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
  countersign_datagram = SOCK_DGRAM | SOCK_CLOEXEC,
  countersign_accept = SOCK_NONBLOCK | SOCK_CLOEXEC,
  countersign_no_signal = MSG_NOSIGNAL,
  countersign_eventfd = EFD_NONBLOCK | EFD_CLOEXEC,
  countersign_limit_files = RLIMIT_NOFILE,
  countersign_limit_core = RLIMIT_CORE,
};
