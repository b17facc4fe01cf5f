import CachePolicy
import HTTPModel
import Primitives
import Testing

@testable import CacheStore

/// Makes requests, responses and stores for the tests of this target.
enum StoreFixture {
  static let now = WallTime(secondsSinceEpoch: 784_111_777)
  static let rules = CacheRules()
  static let seed = HashSeed(low: 0x0123_4567_89AB_CDEF, high: 0xFEDC_BA98_7654_3210)

  static func request(_ target: String, language: String? = nil) -> RequestHead {
    var fields = FieldSection()
    if let language { fields.append(.acceptLanguage, Array(language.utf8)) }
    return RequestHead(
      method: .get, target: Array(target.utf8), authority: [UInt8](ascii: "example.com"),
      fields: fields)
  }

  static func key(_ request: RequestHead) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(for: request, scheme: .https, into: &key)
    return key
  }

  static func permit(_ request: RequestHead) throws -> LookupPermit {
    guard case .lookUp(let permit) = lookupDecision(for: request, exchange: .other, rules: rules)
    else { throw FixtureError.notPermitted }
    return permit
  }

  static func storable(
    for request: RequestHead, varies: Bool = false, tag: String = "\"a\"", tags: String? = nil,
    groups: String? = nil
  ) throws -> StorableResponse {
    var fields = FieldSection()
    fields.append(.cacheControl, "max-age=60")
    fields.append(.etag, Array(tag.utf8))
    if varies { fields.append(.vary, "Accept-Language") }
    if let tags { fields.append(name: "Surrogate-Key".utf8, value: tags.utf8) }
    if let groups { fields.append(name: "Cache-Groups".utf8, value: groups.utf8) }
    let decision = storageDecision(
      for: ResponseHead(status: .ok, fields: fields), to: request, exchange: .other,
      requestedAt: now, receivedAt: now, rules: rules)
    guard case .store(let storable) = decision else { throw FixtureError.notPermitted }
    return storable
  }

  /// Stores a response with this body and says what became of it.
  @discardableResult
  static func put(
    _ body: [UInt8], for request: RequestHead, varies: Bool = false, in store: CacheStore
  ) throws -> CacheReason {
    let storable = try storable(for: request, varies: varies)
    switch store.open(
      storable, key: key(request), request: request, length: Int64(body.count))
    {
    case .refused(let reason): return reason
    case .writer(let writer):
      writer.append(body)
      return writer.finish().reason
    }
  }

  static func find(_ request: RequestHead, in store: CacheStore) throws -> StoredResponse? {
    let key = key(request)
    switch store.lookup(try permit(request), key: key.span, request: request) {
    case .found(let response): return response
    case .miss: return nil
    }
  }

  enum FixtureError: Error { case notPermitted }
}
