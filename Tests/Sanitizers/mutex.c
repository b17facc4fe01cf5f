// Tells the thread sanitizer of what Swift's Mutex orders.
//
// The fast paths of Mutex are compiled into the program and seen by the sanitizer. Where threads
// contend, the standard library goes on with the kernel's futex, in code that was not built for the
// sanitizer: it would take whatever a lock orders there for a race. These functions stand before the
// library's own (LD_PRELOAD), call them, and tell. Real races show as before; nothing is suppressed.
//
// scripts/check-threads builds and uses this. Symbols of Swift are named as the ABI mangles them:
// Synchronization._MutexHandle._lockSlow(UInt32), ._unlockSlow(), ._tryLockSlow().

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

// There only in programs that were built for the sanitizer; every other child inherits this, too.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"

SWIFT void lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF void *mutex) {
  SWIFT void (*real)(uint32_t, SELF void *) = next(LOCK);
  real(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slow(SELF void *mutex) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF void *mutex) {
  SWIFT void (*real)(SELF void *) = next(UNLOCK);
  if (__tsan_release) __tsan_release(mutex);
  real(mutex);
}

SWIFT bool try_lock_slow(SELF void *mutex) __asm__(TRY);
SWIFT bool try_lock_slow(SELF void *mutex) {
  SWIFT bool (*real)(SELF void *) = next(TRY);
  bool isLocked = real(mutex);
  if (isLocked && __tsan_acquire) __tsan_acquire(mutex);
  return isLocked;
}
