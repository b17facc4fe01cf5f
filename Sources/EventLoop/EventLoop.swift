internal import HTTPModel
package import Platform
package import Primitives

/// One loop: it waits for its descriptors, works off what is ready, runs what was posted, and fires
/// its timers, turn after turn, on one thread for ever.
///
/// ```
/// turn: epoll_wait ─▶ clocks ─▶ each ready target ─▶ posted jobs ─▶ due timers ─▶ release closed
///                                   └─ settle ─┘       └─ settle ─┘   └─ settle ─┘
/// ```
///
/// *Settling* is what must come after a call-back but before the next: output is sent once, endings
/// are told. Not `Sendable`: other threads hold its `LoopHandle`.
@safe public final class EventLoop {
  /// The room for what is received: so many bytes are read in one call at most.
  package static let receiveCapacity = 65_536
  /// The room for deciphered bytes: two records of TLS (RFC 8446 §5.1).
  package static let plaintextCapacity = 32_768
  /// The size of the buffers that `takeBuffer` lends.
  package static let bufferCapacity = 32_768
  // So many lent buffers are kept for the next; more go back to the allocator.
  private static let keptBuffers = 16

  package let handle: LoopHandle
  package let timers: TimerWheel
  /// Scratch for the one who is reading. Its content lives until the next read of any stream of
  /// this loop.
  package let receiveBuffer: UnsafeMutableRawBufferPointer
  /// Scratch for the one who is deciphering.
  package let plaintextBuffer: UnsafeMutableRawBufferPointer
  /// The time of day as of this turn.
  package private(set) var wallNow: WallTime
  /// Whatever the proxy keeps for each loop.
  package var attachment: AnyObject?
  /// Whatever the transport keeps for each loop.
  package var transportAttachment: AnyObject?

  private let poller: Poller
  private let date: UnsafeMutableRawBufferPointer
  private var dateSecond: Int64 = .min
  private var targets: [ReadinessTarget] = []
  private var released: [ReadinessTarget] = []
  private var unsettled: [ReadinessTarget] = []
  private var spareUnsettled: [ReadinessTarget] = []
  private var jobs: [LoopHandle.Job] = []
  private var soonJobs: [() -> Void] = []
  private var buffers: [UnsafeMutableRawPointer] = unsafe []
  private var stops = false

  package init(handle: LoopHandle) throws(SystemError) {
    self.handle = handle
    timers = TimerWheel(now: Clock.monotonic)
    wallNow = Clock.wall
    poller = try Poller()
    unsafe receiveBuffer = .allocate(byteCount: Self.receiveCapacity, alignment: 64)
    unsafe plaintextBuffer = .allocate(byteCount: Self.plaintextCapacity, alignment: 64)
    unsafe date = .allocate(byteCount: 29, alignment: 8)
    refreshDate()
  }

  deinit {
    unsafe receiveBuffer.deallocate()
    unsafe plaintextBuffer.deallocate()
    unsafe date.deallocate()
    while let buffer = unsafe buffers.popLast() { unsafe buffer.deallocate() }
  }

  /// The monotonic time as of this turn.
  package var now: MonotonicTime { timers.now }

  /// The 29 bytes of a `Date` field for this turn (RFC 9110 §6.6.1). The bytes change in a later
  /// turn.
  package var dateBytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(date) }

  /// Runs turns until stopped. The calling thread is the loop's from here on.
  package func run() throws(SystemError) {
    let token = unsafe Unmanaged.passUnretained(handle).toOpaque()
    try unsafe poller.add(handle.wake.descriptor, for: .readable, token: token)
    while !stops { unsafe try turn(wakeToken: token) }
    end()
  }

  /// Ends `run` after this turn.
  package func stop() { stops = true }

  private func turn(wakeToken: UnsafeMutableRawPointer) throws(SystemError) {
    let count = try poller.wait(timeout: soonJobs.isEmpty ? timers.wait() ?? -1 : 0)
    readClocks()
    var isWoken = false
    for index in 0..<count {
      guard let token = unsafe poller.token(at: index) else { continue }
      if unsafe token == wakeToken {
        isWoken = true
        continue
      }
      let events = poller.readiness(at: index)
      // The token is a target of the table or of `released`: alive until the turn's end.
      unsafe Unmanaged<ReadinessTarget>.fromOpaque(token)._withUnsafeGuaranteedRef { target in
        if target.isWatched { target.ready(events) }
      }
      settleAll()
    }
    if isWoken { runPosted() }
    if !soonJobs.isEmpty { runSoon() }
    timers.fireDue()
    settleAll()
    releaseClosed()
  }

  private func readClocks() {
    timers.tell(Clock.monotonic)
    wallNow = Clock.wall
    if wallNow.secondsSinceEpoch != dateSecond { refreshDate() }
  }

  private func refreshDate() {
    dateSecond = wallNow.secondsSinceEpoch
    unsafe date.copyBytes(from: HTTPDate.format(wallNow))
  }

  private func runPosted() {
    handle.wake.clear()
    var taken = jobs
    jobs = []
    handle.takeJobs(into: &taken)
    for job in taken {
      job(self)
      settleAll()
    }
    taken.removeAll(keepingCapacity: true)
    jobs = taken
  }

  private func runSoon() {
    let taken = soonJobs
    soonJobs = []
    for job in taken {
      job()
      settleAll()
    }
  }

  private func settleAll() {
    while !unsettled.isEmpty {
      swap(&unsettled, &spareUnsettled)
      var index = 0
      while index < spareUnsettled.count {
        let target = spareUnsettled[index]
        index += 1
        target.settlesLater = false
        target.settle()
      }
      spareUnsettled.removeAll(keepingCapacity: true)
    }
  }

  // Letting go of a target can let go of others, which may ask for this array again: it is emptied
  // first.
  private func releaseClosed() {
    while !released.isEmpty {
      let dead = released
      released = []
      withExtendedLifetime(dead) {}
    }
  }

  private func end() {
    for job in handle.close() { job(self) }
    settleAll()
    for target in targets { target.loopStops() }
    settleAll()
    releaseClosed()
    soonJobs = []
    attachment = nil
    transportAttachment = nil
  }
}

// What targets ask of their loop.
extension EventLoop {
  /// How many descriptors are watched.
  package var watchedCount: Int { targets.count }

  /// Starts watching `descriptor` for `target` and keeps `target` alive until `unwatch`.
  package func watch(
    _ descriptor: borrowing Descriptor, for interest: ReadyEvents, target: ReadinessTarget
  ) throws(SystemError) {
    let token = unsafe Unmanaged.passUnretained(target).toOpaque()
    try unsafe poller.add(descriptor, for: interest, token: token)
    target.place = Int32(clamping: targets.count)
    targets.append(target)
  }

  /// Changes what a watched descriptor is watched for.
  package func rewatch(
    _ descriptor: borrowing Descriptor, for interest: ReadyEvents, target: ReadinessTarget
  ) throws(SystemError) {
    let token = unsafe Unmanaged.passUnretained(target).toOpaque()
    try unsafe poller.change(descriptor, to: interest, token: token)
  }

  /// Keeps the kernel from reporting anything about a watched descriptor, not even that the peer
  /// hung up, until `unmute`.
  package func mute(_ descriptor: borrowing Descriptor) { poller.remove(descriptor) }

  /// Takes `mute` back.
  package func unmute(
    _ descriptor: borrowing Descriptor, for interest: ReadyEvents, target: ReadinessTarget
  ) throws(SystemError) {
    let token = unsafe Unmanaged.passUnretained(target).toOpaque()
    try unsafe poller.add(descriptor, for: interest, token: token)
  }

  /// Stops watching; before the descriptor is closed. `target` lives on to the end of the turn at
  /// least.
  package func unwatch(_ descriptor: borrowing Descriptor, target: ReadinessTarget) {
    guard target.isWatched else { return }
    poller.remove(descriptor)
    let place = Int(target.place)
    target.place = -1
    released.append(target)
    guard let last = targets.popLast(), last !== target else { return }
    last.place = Int32(clamping: place)
    targets[place] = last
  }

  /// Has `target.settle()` called once, after the current call-back and before the next.
  package func settleLater(_ target: ReadinessTarget) {
    guard !target.settlesLater else { return }
    target.settlesLater = true
    unsettled.append(target)
  }

  /// Runs `job` on this loop in a later step, not from within the caller.
  package func soon(_ job: @escaping () -> Void) { soonJobs.append(job) }

  /// Lends a buffer of `bufferCapacity` bytes, to be given back by `giveBack`.
  package func takeBuffer() -> UnsafeMutableRawPointer {
    if let buffer = unsafe buffers.popLast() { return unsafe buffer }
    return .allocate(byteCount: Self.bufferCapacity, alignment: 64)
  }

  package func giveBack(_ buffer: UnsafeMutableRawPointer) {
    if unsafe buffers.count < Self.keptBuffers {
      unsafe buffers.append(buffer)
    } else {
      unsafe buffer.deallocate()
    }
  }
}

@available(*, unavailable)
extension EventLoop: Sendable {}
