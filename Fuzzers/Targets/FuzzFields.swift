import CachePolicy
import HTTPModel
import Primitives

/// Values of fields, as the cache reads them: the first byte chooses the field.
enum FuzzFields {
  private static let names: [KnownField] = [
    .cacheControl, .pragma, .expires, .vary, .age, .etag, .ifNoneMatch, .range, .contentRange,
    .cdnCacheControl, .cacheGroups, .lastModified, .date, .connection, .authorization,
  ]

  static func check(_ bytes: [UInt8]) -> String? {
    guard let choice = bytes.first else { return nil }
    var fields = FieldSection()
    // A line feed parts the lines of one field.
    for value in bytes.dropFirst().split(separator: 0x0A, omittingEmptySubsequences: false) {
      fields.append(names[Int(choice) % names.count], value)
    }
    let request = RequestHead(method: .get, target: [0x2F], authority: [0x61], fields: fields)
    let response = ResponseHead(status: .ok, fields: fields)
    _ = RequestDirectives(fields)
    _ = ResponseDirectives(fields)
    _ = NoVarySearch(fields)
    _ = lookupDecision(for: request, exchange: .other, rules: CacheRules())
    _ = contradictsItsRange(response, contentLength: Int64(bytes.count))
    return tags(bytes.dropFirst())
  }

  private static func tags(_ value: ArraySlice<UInt8>) -> String? {
    guard let tag = EntityTag(value) else { return nil }
    guard tag.matchesWeakly(tag) else { return "an entity tag is not itself" }
    return tag.isWeak && tag.matchesStrongly(tag) ? "a weak entity tag matches strongly" : nil
  }
}
