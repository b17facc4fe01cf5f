internal import CachePolicy

/// The secret that makes hashes unpredictable to those who choose the keys.
package struct HashSeed: Sendable {
  let low: UInt64
  let high: UInt64

  /// A given seed: for tests that must come out the same.
  package init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// A fresh random seed.
  package static func random() -> HashSeed {
    HashSeed(low: .random(in: .min ... .max), high: .random(in: .min ... .max))
  }
}

/// What a key is found by.
package struct KeyHashes: Sendable, Hashable {
  /// Of the whole key: its place in the table.
  package let key: UInt64
  /// Of scheme, authority and target: the shard, and what invalidation finds it by.
  package let target: UInt64
}

/// SipHash-1-3 (Aumasson and Bernstein): one round a word and three at the end, keyed.
///
/// Keys are chosen by clients; with a known hash they could all be made to land in one place. Whole
/// keys are compared after the hash, so a collision costs time and never gives a wrong answer.
struct KeyHash {
  private var v0: UInt64
  private var v1: UInt64
  private var v2: UInt64
  private var v3: UInt64

  private init(_ seed: HashSeed) {
    v0 = seed.low ^ 0x736F_6D65_7073_6575
    v1 = seed.high ^ 0x646F_7261_6E64_6F6D
    v2 = seed.low ^ 0x6C79_6765_6E65_7261
    v3 = seed.high ^ 0x7465_6462_7974_6573
  }

  static func hash(_ bytes: Span<UInt8>, seed: HashSeed) -> UInt64 {
    var state = KeyHash(seed)
    state.absorb(bytes)
    return state.finish()
  }

  static func hash(_ first: Span<UInt8>, _ second: Span<UInt8>, seed: HashSeed) -> UInt64 {
    var state = KeyHash(seed)
    state.absorb(first)
    state.absorb(second)
    return state.finish()
  }

  /// The hashes of a cache key. What is none is all target.
  static func hashes(ofKey key: Span<UInt8>, seed: HashSeed) -> KeyHashes {
    guard let layout = CacheKey.Layout(of: key) else {
      return hashes(key, part: 0..<key.count, seed: seed)
    }
    return hashes(key, part: CacheKey.Layout.partitionEnd..<layout.target.upperBound, seed: seed)
  }

  /// The hash of a part, and of that part followed by the bytes before and after it: both in one
  /// go.
  static func hashes(_ bytes: Span<UInt8>, part: Range<Int>, seed: HashSeed) -> KeyHashes {
    var state = KeyHash(seed)
    state.absorb(bytes.extracting(part))
    var partState = state
    state.absorb(bytes.extracting(0..<part.lowerBound))
    if part.upperBound < bytes.count {
      state.absorb(bytes.extracting(part.upperBound..<bytes.count))
    }
    return KeyHashes(key: state.finish(), target: partState.finish())
  }

  /// Absorbs bytes, and how many they are.
  private mutating func absorb(_ bytes: Span<UInt8>) {
    let key = unsafe bytes.bytes
    let count = key.byteCount
    var offset = 0
    while offset + 8 <= count {
      // In bounds by the loop's condition; UInt64 has no invalid bit patterns.
      absorb(
        unsafe key.unsafeLoadUnaligned(
          fromUncheckedByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var last = UInt64(truncatingIfNeeded: count) << 56
    var shift: UInt64 = 0
    while offset < count {
      last |=
        UInt64(unsafe key.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)) << shift
      offset += 1
      shift += 8
    }
    absorb(last)
  }

  private mutating func absorb(_ word: UInt64) {
    v3 ^= word
    round()
    v0 ^= word
  }

  private mutating func finish() -> UInt64 {
    v2 ^= 0xFF
    round()
    round()
    round()
    return v0 ^ v1 ^ v2 ^ v3
  }

  private mutating func round() {
    v0 = v0 &+ v1
    v1 = v1 << 13 | v1 >> 51
    v1 ^= v0
    v0 = v0 << 32 | v0 >> 32
    v2 = v2 &+ v3
    v3 = v3 << 16 | v3 >> 48
    v3 ^= v2
    v0 = v0 &+ v3
    v3 = v3 << 21 | v3 >> 43
    v3 ^= v0
    v2 = v2 &+ v1
    v1 = v1 << 17 | v1 >> 47
    v1 ^= v2
    v2 = v2 << 32 | v2 >> 32
  }
}

extension Span<UInt8> {
  /// Whether both hold the same bytes, compared eight at a time.
  func holdsSameBytes(as other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    let mine = unsafe bytes
    let others = unsafe other.bytes
    var offset = 0
    while offset + 8 <= count {
      // In bounds by the loop's condition; UInt64 has no invalid bit patterns.
      let left = unsafe mine.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self)
      let right = unsafe others.unsafeLoadUnaligned(
        fromUncheckedByteOffset: offset, as: UInt64.self)
      guard left == right else { return false }
      offset += 8
    }
    while offset < count {
      let left = unsafe mine.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
      let right = unsafe others.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
      guard left == right else { return false }
      offset += 1
    }
    return true
  }
}
