internal import CacheStore
internal import Dispatch
internal import Glibc
internal import Primitives
internal import Synchronization

/// What lookups on another thread notice while a million responses are purged: how long the slowest
/// of them take.
enum PurgeCost {
  private static let count = 1_000_000
  private static let now = WallTime(secondsSinceEpoch: 1_700_000_000)

  static func run() {
    guard let sample = StoreSample(count: count) else { return print("nothing stored") }
    print("| while | for, ms | reached | lookups, µs: 99.9 % within | 99.99 % | longest |")
    print("|---|--:|--:|--:|--:|--:|")
    let prefix = PurgeSelector.prefix(
      scheme: nil, authority: Array("auth.example.com".utf8),
      path: Array("/users/avatars/00099".utf8))
    report(sample, "nothing happens") {
      var time = timespec(tv_sec: 0, tv_nsec: 500_000_000)
      unsafe nanosleep(&time, nil)
      return PurgeCount()
    }
    report(sample, "a host is purged that has nothing") {
      sample.store.purge(.host(Array("other.example".utf8)), .hard, now: now)
    }
    report(sample, "a prefix is purged") { sample.store.purge(prefix, .hard, now: now) }
    report(sample, "everything is made stale") {
      sample.store.purge(.everything, .soft, now: now)
    }
    report(sample, "everything is removed") { sample.store.purge(.everything, .hard, now: now) }
  }

  /// What the two threads tell each other.
  private final class Board: Sendable {
    let isDone = Atomic<Bool>(false)
    let reached = Atomic<Int>(0)
    let took = Atomic<Int>(0)
  }

  private static func report(
    _ sample: StoreSample, _ what: String, _ work: @escaping @Sendable () -> PurgeCount
  ) {
    let board = Board()
    DispatchQueue(label: "purge").async {
      let begin = nanoseconds()
      let count = work()
      board.took.store(nanoseconds() - begin, ordering: .relaxed)
      board.reached.store(count.removed + count.staled, ordering: .relaxed)
      board.isDone.store(true, ordering: .releasing)
    }
    var times: [Int] = []
    times.reserveCapacity(10_000_000)
    var generator = Generator(seed: 3)
    var key = StoreSample.key(0)
    while !board.isDone.load(ordering: .acquiring) {
      StoreSample.setNumber(Int(truncatingIfNeeded: generator.next() >> 32) % count, in: &key)
      let begin = nanoseconds()
      _ = sample.store.lookup(sample.permit, key: key.span, request: sample.request)
      if times.count < 10_000_000 { times.append(nanoseconds() - begin) }
    }
    times.sort()
    let cells = [
      what, "\(board.took.load(ordering: .relaxed) / 1_000_000)",
      "\(board.reached.load(ordering: .relaxed))",
      microseconds(times, 0.999), microseconds(times, 0.9999), microseconds(times, 1),
    ]
    print("| " + cells.joined(separator: " | ") + " |")
  }

  private static func microseconds(_ times: [Int], _ share: Double) -> String {
    guard !times.isEmpty else { return "–" }
    let index = min(Int(Double(times.count) * share), times.count - 1)
    return "\(times[index] / 1000)"
  }

  private static func nanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
