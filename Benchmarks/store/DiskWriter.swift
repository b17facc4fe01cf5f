internal import CachePolicy
internal import CacheStore
internal import DiskTier
internal import Glibc
internal import HTTPModel
internal import Primitives

/// Stores and invalidates through a disk tier until it is killed, by others or after so many stores
/// by itself, or reads what such a run left and says whether any of it is not what was stored:
/// `disk-writer DIRECTORY SEED [STORES]`, `disk-check DIRECTORY`.
///
/// Content says of itself which version of which target it is; `ETag` says it, too.
enum DiskWriter {
  private static let targets = 200
  private static let rules = CacheRules()

  /// Small segments, so that they change while it is killed.
  private static func tier(_ directory: String) throws(DiskTierError) -> DiskTier {
    var settings = DiskTierSettings(directory: directory)
    settings.segmentBytes = 256 * 1024
    settings.budget = 4 << 20
    return try DiskTier(settings)
  }

  static func write(_ directory: String, seed: UInt64, stores: Int?) throws {
    let tier = try tier(directory)
    let store = CacheStore(tier: tier)
    var generator = Generator(seed: seed)
    var version = 0
    print("ready", tier.counters.recovered)
    fflush(nil)
    while true {
      let target = Int.random(in: 0..<targets, using: &generator)
      if Int.random(in: 0..<10, using: &generator) == 0 {
        store.invalidate(key(target))
      } else {
        version += 1
        put(target, version: version, in: store)
      }
      if version == stores { kill(getpid(), SIGKILL) }
      // As fast as the disk takes it, no faster.
      if version.isMultiple(of: 50) { tier.flush() }
    }
  }

  private static func put(_ target: Int, version: Int, in store: CacheStore) {
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=3600")
    fields.append(.etag, Array("\"\(target)-\(version)\"".utf8))
    let request = request(target)
    let now = WallTime(secondsSinceEpoch: 1_700_000_000)
    guard
      case .store(let storable) = storageDecision(
        for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
        requestedAt: now, receivedAt: now, rules: rules),
      case .writer(let writer) = store.open(
        storable, key: key(target), request: request, length: nil)
    else { return }
    writer.append(content(target, version))
    _ = writer.finish()
  }

  /// Says what was found, or exits with 1 at the first wrong byte.
  static func check(_ directory: String) throws {
    let tier = try tier(directory)
    var found = 0
    for target in 0..<targets {
      guard let response = fetch(target, from: tier) else { continue }
      found += 1
      let tag = String(decoding: response.entityTag, as: UTF8.self).dropFirst().dropLast()
      let parts = tag.split(separator: "-").compactMap { Int($0) }
      let isRight =
        parts.count == 2 && parts[0] == target
        && response.body == content(target, parts[1])
        && response.metadata.flags.contains(.noCache)
      guard isRight else {
        print("wrong", target, tag)
        exit(1)
      }
    }
    let counters = tier.counters
    print("right", found, "of", counters.recovered, "corrupt", counters.corrupt)
    // Not closed: the next run is to find what this one left.
  }

  private static func fetch(_ target: Int, from tier: DiskTier) -> StoredResponse? {
    let answer = Answer()
    tier.fetch(key: key(target), request: request(target)) { answer.give($0?.response) }
    return answer.wait()
  }

  private static func request(_ target: Int) -> RequestHead {
    RequestHead(
      method: .get, target: Array("/\(target)".utf8), authority: Array("example.com".utf8),
      fields: FieldSection())
  }

  private static func key(_ target: Int) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(for: request(target), scheme: .https, into: &key)
    return key
  }

  /// Up to 8 KiB that follow from target and version.
  private static func content(_ target: Int, _ version: Int) -> [UInt8] {
    var generator = Generator(seed: UInt64(target) << 32 | UInt64(version))
    let count = Int.random(in: 0..<8192, using: &generator)
    return (0..<count).map { UInt8(truncatingIfNeeded: $0 &* version &+ target) }
  }
}
