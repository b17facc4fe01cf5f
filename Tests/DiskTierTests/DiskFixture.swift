import CachePolicy
import CacheStore
import Dispatch
import Foundation
import HTTPModel
import Primitives
import Synchronization

@testable import DiskTier

/// Makes stored responses, directories and tiers for the tests of this target.
enum DiskFixture {
  static let now = WallTime(secondsSinceEpoch: 1_700_000_000)
  static let seed = HashSeed(low: 1, high: 2)
  private static let rules = CacheRules()

  enum Failure: Error { case notStorable, noDirectory, noAnswer }

  static func request(_ target: String, language: String? = nil) -> RequestHead {
    var fields = FieldSection()
    if let language { fields.append(.acceptLanguage, Array(language.utf8)) }
    return RequestHead(
      method: .get, target: Array(target.utf8), authority: [UInt8](ascii: "example.com"),
      fields: fields)
  }

  static func key(_ target: String, partition: UInt32 = 0) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(for: request(target), scheme: .https, partition: partition, into: &key)
    return key
  }

  static func permit() throws -> LookupPermit {
    guard
      case .lookUp(let permit) = lookupDecision(
        for: request("/"), exchange: .other, rules: rules)
    else { throw Failure.notStorable }
    return permit
  }

  static func storable(
    _ request: RequestHead, tags: String? = nil, at now: WallTime = now,
    control: String = "max-age=60"
  ) throws -> StorableResponse {
    var fields = FieldSection()
    fields.append(.cacheControl, Array(control.utf8))
    fields.append(.etag, "\"a\"")
    if request.fields.contains(.acceptLanguage) { fields.append(.vary, "Accept-Language") }
    if let tags { fields.append(name: "Surrogate-Key".utf8, value: tags.utf8) }
    guard
      case .store(let storable) = storageDecision(
        for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
        requestedAt: now, receivedAt: now, rules: rules)
    else { throw Failure.notStorable }
    return storable
  }

  /// Stores a response by way of a memory store that has the tier behind it.
  @discardableResult
  static func put(
    _ body: [UInt8], at target: String, language: String? = nil, tags: String? = nil,
    partition: UInt32 = 0, at now: WallTime = now, control: String = "max-age=60",
    in store: CacheStore
  ) throws -> StoredResponse {
    let request = request(target, language: language)
    guard
      case .writer(let writer) = store.open(
        try storable(request, tags: tags, at: now, control: control),
        key: key(target, partition: partition),
        request: request, length: nil)
    else { throw Failure.notStorable }
    writer.append(body)
    guard case .stored(let response) = writer.finish() else { throw Failure.notStorable }
    return response
  }

  /// What the tier has for a request.
  static func fetch(
    _ target: String, language: String? = nil, partition: UInt32 = 0, from tier: DiskTier
  ) throws -> StoredResponse? {
    try find(target, language: language, partition: partition, in: tier)?.response
  }

  static func find(
    _ target: String, language: String? = nil, partition: UInt32 = 0, in tier: DiskTier
  ) throws -> TierFind? {
    let done = DispatchSemaphore(value: 0)
    let result = Mutex<TierFind?>(nil)
    tier.fetch(
      key: key(target, partition: partition), request: request(target, language: language)
    ) { found in
      result.withLock { $0 = found }
      done.signal()
    }
    guard done.wait(timeout: .now() + .seconds(30)) == .success else { throw Failure.noAnswer }
    return result.withLock { $0 }
  }
}

/// A directory in memory where there is one, gone when nobody holds it any more.
final class ScratchDirectory: Sendable {
  let path: String

  init() throws {
    let base = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : "/tmp"
    var template = Array("\(base)/disk-tier-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw DiskFixture.Failure.noDirectory }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var segments: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(Recovery.suffix) }.sorted()
  }

  func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(name)")))
  }

  /// Makes this the only segment.
  func replaceAll(by bytes: [UInt8], named name: String) throws {
    for old in segments { try FileManager.default.removeItem(atPath: "\(path)/\(old)") }
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    let book = PartBook(judge: "", parts: [:])
    try Data(book.bytes).write(to: URL(fileURLWithPath: "\(path)/\(PartBook.name)"))
  }
}
