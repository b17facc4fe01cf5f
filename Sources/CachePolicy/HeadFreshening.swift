package import HTTPModel
package import Primitives

/// What the answer to a HEAD does to a stored response that GET would select.
package enum HeadFreshenDecision: Sendable, Equatable {
  /// Keep the content, replace head and metadata.
  case freshened(StorableResponse)
  /// The stored response is no longer what the origin has: remove it.
  case remove(CacheReason)
  /// Leave it as it is.
  case keep(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .freshened: .headFreshened
    case .remove(let reason), .keep(let reason): reason
    }
  }
}

/// Updates a stored response from the 200 that answered a HEAD (RFC 9111 §4.3.5): where validators
/// and length are those of the stored one, as a 304 would; else the stored one is out of date.
///
/// `request` is the HEAD that the client sent. Answers of other statuses say nothing.
package func headFreshenDecision(
  held: HeldPart, by response: ResponseHead, to request: RequestHead, requestedAt: WallTime,
  receivedAt: WallTime, rules: CacheRules
) -> HeadFreshenDecision {
  guard request.method == .head, response.status == .ok, held.metadata.status == .ok else {
    return .keep(.headSaysNothing)
  }
  guard headAgrees(response.fields, with: held) else { return .remove(.headContradiction) }
  let question = StorageQuestion(
    merging: mergedHead(
      stored: held.metadata, head: held.head, by: response.fields, receivedAt: receivedAt),
    request: request, requestedAt: requestedAt, receivedAt: receivedAt, rules: rules)
  if let reason = question.firstRefusal() {
    return isAboutRequest(reason) ? .keep(reason) : .remove(reason)
  }
  let part = held.metadata.flags.contains(.partial) ? held.part : nil
  return .freshened(question.storable(vary: held.vary, part: part))
}

/// Whether what the HEAD's answer says of validators and length is what is stored. What it does not
/// say cannot differ.
private func headAgrees(_ fields: FieldSection, with held: HeldPart) -> Bool {
  let stored = StoredHead.fields(of: held.head)
  for field in [KnownField.etag, .lastModified] where fields.contains(field) {
    guard fields.only(field) == stored.only(field) else { return false }
  }
  guard fields.contains(.contentLength), let length = held.part.completeLength else { return true }
  return fields.first(.contentLength)?.decimalValue() == length
}
