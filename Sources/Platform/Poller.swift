internal import CLinux
internal import Glibc

/// What a descriptor is ready for, or is watched for.
public struct ReadyEvents: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// There is something to read, or the peer's end.
  package static let readable = ReadyEvents(rawValue: 0x001)
  package static let writable = ReadyEvents(rawValue: 0x004)
  /// The descriptor has an error pending. Always reported, watched for or not.
  package static let failed = ReadyEvents(rawValue: 0x008)
  /// Both directions are closed. Always reported, watched for or not.
  package static let hungUp = ReadyEvents(rawValue: 0x010)
  /// The peer will send no more.
  package static let peerEnded = ReadyEvents(rawValue: 0x2000)
  /// Of several pollers that watch one socket, wake one only.
  package static let exclusive = ReadyEvents(rawValue: 1 << 28)
}

/// An epoll instance and the room for its answers. Belongs to one thread.
@safe package struct Poller: ~Copyable {
  /// So many events are fetched in one call at most; the rest come with the next.
  private static let capacity = 256

  private let epoll: Descriptor
  private let events: UnsafeMutablePointer<epoll_event>

  package init() throws(SystemError) {
    let number = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard number >= 0 else { throw .last("epoll_create1") }
    epoll = Descriptor(owning: number)
    unsafe events = UnsafeMutablePointer<epoll_event>.allocate(capacity: Self.capacity)
    unsafe events.initialize(repeating: epoll_event(), count: Self.capacity)
  }

  deinit { unsafe events.deallocate() }

  /// Starts watching `descriptor`, level-triggered; `token` comes back with its events.
  package borrowing func add(
    _ descriptor: borrowing Descriptor, for interest: ReadyEvents, token: UnsafeMutableRawPointer
  ) throws(SystemError) {
    try unsafe control(EPOLL_CTL_ADD, descriptor, interest, token)
  }

  /// Changes what a watched descriptor is watched for.
  package borrowing func change(
    _ descriptor: borrowing Descriptor, to interest: ReadyEvents, token: UnsafeMutableRawPointer
  ) throws(SystemError) {
    try unsafe control(EPOLL_CTL_MOD, descriptor, interest, token)
  }

  /// Stops watching. Closing a descriptor that has no duplicate does so too.
  package borrowing func remove(_ descriptor: borrowing Descriptor) {
    var event = unsafe epoll_event()
    _ = unsafe epoll_ctl(epoll.number, EPOLL_CTL_DEL, descriptor.number, &event)
  }

  /// Waits until something is ready, at most `timeout` milliseconds (−1: for ever), and tells how
  /// many.
  package borrowing func wait(timeout: Int32) throws(SystemError) -> Int {
    let count = unsafe epoll_wait(epoll.number, events, Int32(Self.capacity), timeout)
    if count >= 0 { return Int(count) }
    guard errno == EINTR else { throw .last("epoll_wait") }
    return 0
  }

  /// The token of the event at `index`, which must be below the count that `wait` told.
  package borrowing func token(at index: Int) -> UnsafeMutableRawPointer? {
    unsafe events[index].data.ptr
  }

  /// What the event at `index` tells.
  package borrowing func readiness(at index: Int) -> ReadyEvents {
    unsafe ReadyEvents(rawValue: events[index].events)
  }

  private borrowing func control(
    _ operation: Int32, _ descriptor: borrowing Descriptor, _ interest: ReadyEvents,
    _ token: UnsafeMutableRawPointer
  ) throws(SystemError) {
    var event = unsafe epoll_event()
    unsafe event.events = interest.rawValue
    unsafe event.data.ptr = token
    guard unsafe epoll_ctl(epoll.number, operation, descriptor.number, &event) == 0 else {
      throw .last("epoll_ctl")
    }
  }
}

/// An eventfd: any thread signals it, the loop that watches it wakes.
package struct WakeSignal: ~Copyable, Sendable {
  package let descriptor: Descriptor

  package init() throws(SystemError) {
    let number = eventfd(0, Int32(countersign_eventfd))
    guard number >= 0 else { throw .last("eventfd") }
    descriptor = Descriptor(owning: number)
  }

  /// Wakes the watcher. Cannot fail in a way that matters: a full counter is awake already.
  package borrowing func signal() { _ = eventfd_write(descriptor.number, 1) }

  /// Takes the signal back, so that the next one wakes again.
  package borrowing func clear() {
    var value: eventfd_t = 0
    _ = unsafe eventfd_read(descriptor.number, &value)
  }
}
