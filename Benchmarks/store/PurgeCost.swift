internal import CacheStore
internal import Glibc
internal import Primitives

/// What it costs to purge a million responses, and for how long a lock is held: a step looks at so
/// many responses under it.
enum PurgeCost {
  private static let count = 1_000_000
  private static let now = WallTime(secondsSinceEpoch: 1_700_000_000)

  static func run() {
    guard let sample = StoreSample(count: count) else { return print("nothing stored") }
    let prefix = PurgeSelector.prefix(
      scheme: nil, authority: Array("auth.example.com".utf8),
      path: Array("/users/avatars/00099".utf8))
    print("| purge | reached | CPU ms | CPU µs a step of \(CacheStore.stepLimit) |")
    print("|---|--:|--:|--:|")
    report(sample, "a host that has nothing", .host(Array("other.example".utf8)), .hard)
    report(sample, "a prefix", prefix, .hard)
    report(sample, "everything, soft", .everything, .soft)
    report(sample, "everything, hard", .everything, .hard)
  }

  private static func report(
    _ sample: StoreSample, _ what: String, _ selector: PurgeSelector, _ kind: PurgeKind
  ) {
    let begin = nanoseconds()
    let reached = sample.store.purge(selector, kind, now: now)
    let took = nanoseconds() - begin
    let step = took / 1000 / max(count / CacheStore.stepLimit, 1)
    print("| \(what) | \(reached.removed + reached.staled) | \(took / 1_000_000) | \(step) |")
  }

  /// Processor time of this thread: on a busy machine the clock would tell of others.
  private static func nanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
