internal import CachePolicy
internal import CacheStore
internal import Glibc
internal import HTTPModel
internal import Primitives

/// A store with so many small responses in it.
struct StoreSample: Sendable {
  static let bodyLength = 512

  let store: CacheStore
  let count: Int
  let request: RequestHead
  let permit: LookupPermit
  /// Key, head and content of all of them.
  let contentBytes: Int

  init?(count: Int) {
    self.count = count
    var limits = CacheStoreLimits()
    limits.budget = 8 << 30
    store = CacheStore(limits: limits)
    let rules = CacheRules()
    let now = WallTime(secondsSinceEpoch: 1_700_000_000)
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=60")
    fields.append(.contentType, "application/json")
    fields.append(.etag, "\"0123456789abcdef\"")
    let request = Self.request("/")
    guard
      case .lookUp(let permit) = lookupDecision(for: request, exchange: .other, rules: rules),
      case .store(let storable) = storageDecision(
        for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
        requestedAt: now, receivedAt: now, rules: rules)
    else { return nil }
    self.permit = permit
    self.request = request
    var contentBytes = 0
    let body = [UInt8](repeating: 0x2E, count: Self.bodyLength)
    for number in 0..<count {
      let key = Self.key(number)
      guard
        case .writer(let writer) = store.open(
          storable, key: key, request: request, length: Int64(body.count))
      else { return nil }
      writer.append(body)
      guard case .stored(let response) = writer.finish() else { return nil }
      contentBytes += response.bytes.count + response.body.count
    }
    self.contentBytes = contentBytes
  }

  private static func request(_ target: String) -> RequestHead {
    RequestHead(
      method: .get, target: Array(target.utf8), authority: Array("auth.example.com".utf8),
      fields: FieldSection())
  }

  private static let digits = 8

  static func key(_ number: Int) -> [UInt8] {
    var key: [UInt8] = []
    let zeros = String(repeating: "0", count: digits)
    CacheKey.write(for: request("/users/avatars/\(zeros)"), scheme: .https, into: &key)
    setNumber(number, in: &key)
    return key
  }

  /// Writes another number at the end of a key.
  static func setNumber(_ number: Int, in key: inout [UInt8]) {
    var rest = number
    for offset in 1...digits {
      key[key.count - offset] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
  }
}

/// What a lookup costs with few and with many responses stored.
enum LookupCost {
  static func run() {
    print("| responses | ns a lookup, at random | ns a lookup, among 1000 | ns a miss |")
    print("|--:|--:|--:|--:|")
    for count in [1000, 10_000, 100_000, 1_000_000] {
      guard let sample = StoreSample(count: count) else { return print("nothing stored") }
      let random = sample.time(among: count)
      let few = sample.time(among: 1000)
      let missing = sample.time(among: count, from: count)
      print("| \(count) | \(random) | \(few) | \(missing) |")
    }
  }
}

extension StoreSample {
  /// Looks up responses drawn at random from so many, spread over all: the best of five rounds, in
  /// nanoseconds of processor time. The key is made in place, so that nothing but the store is out
  /// of the processor's caches.
  fileprivate func time(among few: Int, from start: Int = 0) -> Int {
    let rounds = 400_000
    let stride = max(count / max(few, 1), 1)
    var best = Int.max
    for round in 0..<5 {
      var generator = Generator(seed: UInt64(round))
      var key = Self.key(0)
      let begin = Self.nanoseconds()
      var found = 0
      for _ in 0..<rounds {
        let number = Int(truncatingIfNeeded: generator.next() >> 32) % few * stride + start
        Self.setNumber(number, in: &key)
        if case .found = store.lookup(permit, key: key.span, request: request) { found += 1 }
      }
      guard found == (start == 0 ? rounds : 0) else { return -1 }
      best = min(best, (Self.nanoseconds() - begin) / rounds)
    }
    return best
  }

  private static func nanoseconds() -> Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}

/// What a stored response costs beside key, head and content: by how much the process grew in
/// memory, what the allocator wastes included.
enum ObjectOverhead {
  static func run() {
    print("| responses | bytes beside key, head and content | bytes the budget counts |")
    print("|--:|--:|--:|")
    // Ascending, and each in fresh memory: nothing of the one before is let go of.
    var samples: [StoreSample] = []
    _ = StoreSample(count: 10_000)
    for count in [100_000, 250_000, 500_000, 1_000_000] {
      let before = residentBytes()
      guard let sample = StoreSample(count: count) else {
        return print("nothing stored")
      }
      let held = residentBytes() - before
      let content = sample.contentBytes
      print(
        "| \(count) | \((held - content) / count) | "
          + "\((sample.store.counters.bytes - content) / count) |")
      samples.append(sample)
    }
  }

  /// The process's memory in use, of `/proc/self/statm`.
  private static func residentBytes() -> Int {
    guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
    defer { _ = unsafe fclose(file) }
    var text = [CChar](repeating: 0, count: 256)
    guard unsafe fgets(&text, 256, file) != nil else { return 0 }
    let numbers = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split(separator: 0x20)
    let pages = numbers.count > 1 ? Int(String(decoding: numbers[1], as: UTF8.self)) ?? 0 : 0
    return pages * 4096
  }
}
