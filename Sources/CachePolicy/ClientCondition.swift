package import HTTPModel
package import Primitives

/// What a client's own conditions make of a stored response that may be used.
package enum ConditionDecision: Sendable, Hashable {
  /// Answer with the stored response.
  case sendWhole
  /// Answer 304: the client holds it already.
  case notModified
}

/// Evaluates `If-None-Match`, else `If-Modified-Since`, against a stored response (RFC 9111
/// §4.3.2), in the order of RFC 9110 §13.2.2; only where the answer is a success (§13.2.1). Two bit
/// tests where neither is present.
///
/// `entityTag` is the stored `ETag` value, empty when there is none.
package func conditionDecision(
  for request: RequestHead, stored: StoredMetadata, entityTag: ArraySlice<UInt8>, now: WallTime
) -> ConditionDecision {
  let fields = request.fields
  if fields.contains(.ifNoneMatch) {
    return stored.status.isSuccessful && noneMatchFails(fields, entityTag: entityTag)
      ? .notModified : .sendWhole
  }
  guard fields.contains(.ifModifiedSince), stored.status.isSuccessful,
    let value = fields.only(.ifModifiedSince), let since = HTTPDate.parse(value, now: now)
  else { return .sendWhole }
  return stored.modifiedAt.secondsSinceEpoch <= since.secondsSinceEpoch ? .notModified : .sendWhole
}

/// Whether `If-None-Match` is false: it is `*`, or one of its tags is that of the stored response
/// (RFC 9110 §13.1.2, compared weakly).
private func noneMatchFails(_ fields: FieldSection, entityTag: ArraySlice<UInt8>) -> Bool {
  let tag = EntityTag(entityTag)
  return fields.values(of: .ifNoneMatch).contains { value in
    if value.equals("*") { return true }
    guard let tag else { return false }
    return EntityTag.list(value, containsWeakly: tag)
  }
}
