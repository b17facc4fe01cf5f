package import HTTPModel
internal import Primitives

/// The labels that a response gives itself (RFC 9875 §2, and the fields that operators of caches
/// have long used): groups from `Cache-Groups`, tags from `Surrogate-Key` (separated by spaces) and
/// `Cache-Tag` (separated by commas). Those past the limits of `StoredAnnex` are not kept.
package func cacheLabels(of fields: FieldSection) -> [CacheLabel] {
  guard fields.containsAny(of: labelFields) else { return [] }
  var labels: [CacheLabel] = []
  var byteCount = 0
  func add(_ kind: CacheLabel.Kind, _ name: some Collection<UInt8>) {
    guard !name.isEmpty, labels.count < StoredAnnex.labelLimit,
      byteCount + name.count <= StoredAnnex.labelBytesLimit
    else { return }
    let label = CacheLabel(kind: kind, name: Array(name))
    guard !labels.contains(label) else { return }
    labels.append(label)
    byteCount += name.count
  }
  for name in groups(in: fields, .cacheGroups) { add(.group, name) }
  for value in fields.values(of: .surrogateKey) {
    for name in value.split(separator: ASCII.space) { add(.tag, name) }
  }
  for value in fields.values(of: .cacheTag) {
    for name in value.split(separator: ASCII.comma) { add(.tag, name.trimmingOptionalWhitespace()) }
  }
  return labels
}

private let labelFields = KnownFieldSet([.cacheGroups, .surrogateKey, .cacheTag])

/// The groups that a response to an unsafe request makes invalid on its own origin (RFC 9875 §3).
/// Empty for safe methods and errors.
package func groupInvalidations(for request: RequestHead, response: ResponseHead) -> [CacheLabel] {
  guard response.fields.contains(.cacheGroupInvalidation), invalidates(request, response) else {
    return []
  }
  return groups(in: response.fields, .cacheGroupInvalidation)
    .map { CacheLabel(kind: .group, name: $0) }
}

/// The members of a list of strings; none where the field cannot be read or a member is no string.
private func groups(in fields: FieldSection, _ field: KnownField) -> [[UInt8]] {
  guard fields.contains(field), let list = StructuredField.list(fields.values(of: field)) else {
    return []
  }
  var names: [[UInt8]] = []
  for member in list.prefix(StoredAnnex.labelLimit) {
    guard case .string(let name) = member else { return [] }
    names.append(name)
  }
  return names
}
