package import HTTPModel
package import Primitives

/// Makes a request to the origin a validation of a stored response (RFC 9111 §4.3.1): the client's
/// own conditions and ranges go, `If-None-Match` and `If-Modified-Since` come from the stored
/// validators.
///
/// `head` is the stored head. Without a validator the request becomes unconditional.
package func setValidationFields(
  of stored: StoredMetadata, head: ArraySlice<UInt8>, in fields: inout FieldSection
) {
  removeConditions(from: &fields)
  if let tag = value(at: stored.entityTagRange, in: head) { fields.append(.ifNoneMatch, tag) }
  if let date = value(at: stored.lastModifiedRange, in: head) {
    fields.append(.ifModifiedSince, date)
  }
}

/// Takes a client's conditions and ranges off a request, so that the whole representation comes and
/// can be stored: for a miss of a cacheable target.
package func removeConditions(from fields: inout FieldSection) {
  fields.removeAll(.ifNoneMatch)
  fields.removeAll(.ifModifiedSince)
  fields.removeAll(.ifRange)
  fields.removeAll(.range)
}

/// A part of a stored head, nil when the range is empty or not inside.
private func value(at range: Range<Int>, in head: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
  guard !range.isEmpty, range.upperBound <= head.count else { return nil }
  return head[head.startIndex + range.lowerBound..<head.startIndex + range.upperBound]
}

/// What the answer to a validation does to the stored response.
package enum FreshenDecision: Sendable, Equatable {
  /// Keep the content, replace head and metadata; answer from it.
  case freshened(StorableResponse)
  /// Answer from it this once and leave the stored one as it is: this request's answers are not
  /// stored.
  case answerOnly(StorableResponse, CacheReason)
  /// Answer from it this once, and remove what is stored: the merged head may not be stored.
  case answerAndRemove(StorableResponse, CacheReason)
  /// Not usable: the stored response is not what the 304 is about. Ask again without conditions.
  case refuse(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .freshened: .validated
    case .answerOnly(_, let reason), .answerAndRemove(_, let reason), .refuse(let reason): reason
    }
  }
}

/// Updates a stored response from a 304 (RFC 9111 §3.2, §4.3.4).
///
/// `head` is the stored head, `request` the request that the client sent (its fields select the
/// variant).
package func freshenDecision(
  stored: StoredMetadata, head: ArraySlice<UInt8>, by response: ResponseHead,
  to request: RequestHead, requestedAt: WallTime, receivedAt: WallTime, rules: CacheRules
) -> FreshenDecision {
  guard response.status == .notModified else { return .refuse(.notAValidation) }
  let storedFields = StoredHead.fields(of: head)
  guard validatorsAgree(storedFields, response.fields) else { return .refuse(.validatorMismatch) }
  let merged = ResponseHead(
    status: stored.status, reason: StoredHead.reason(of: head),
    fields: mergedFields(storedFields, updatedBy: response.fields, receivedAt: receivedAt))
  // `no-store` and the like are judged as if the merged response had come whole. HEAD freshens,
  // too.
  var fetch = request
  fetch.method = .get
  let question = StorageQuestion(
    response: merged, request: fetch,
    times: ArrivalTimes(of: merged, requestedAt: requestedAt, receivedAt: receivedAt), rules: rules)
  switch VaryKey.make(for: merged.fields, request: request.fields) {
  case .key(let vary):
    let updated = question.storable(vary: vary)
    guard let reason = question.firstRefusal() else { return .freshened(updated) }
    return isAboutRequest(reason)
      ? .answerOnly(updated, reason) : .answerAndRemove(updated, reason)
  case .any: return .answerAndRemove(question.storable(vary: VaryKey()), .varyAny)
  case .tooLarge: return .answerAndRemove(question.storable(vary: VaryKey()), .varyTooLarge)
  }
}

/// Whether a refusal to store says something about this request and nothing about what is stored:
/// else any client could empty the store by asking for validation with `no-store`.
private func isAboutRequest(_ reason: CacheReason) -> Bool {
  switch reason {
  case .requestNoStore, .authorizationNotShared, .requestCookie, .requestContent: true
  default: false
  }
}

/// Whether a 304 is about the stored response (RFC 9111 §4.3.4): a strong tag must be the same one,
/// a weak one the same but for weakness; `Last-Modified` decides only where the 304 has no tag.
/// Without validators the 304 is taken to be about what was asked.
private func validatorsAgree(_ stored: FieldSection, _ update: FieldSection) -> Bool {
  if let value = update.first(.etag) {
    guard let tag = EntityTag(value), let storedValue = stored.first(.etag),
      let storedTag = EntityTag(storedValue)
    else { return false }
    return tag.isWeak ? tag.matchesWeakly(storedTag) : tag.matchesStrongly(storedTag)
  }
  if let value = update.first(.lastModified), let storedValue = stored.first(.lastModified) {
    return value == storedValue
  }
  return true
}

/// The stored lines with those of the 304 in place of the same names. What describes the stored
/// content, and what is not stored anyway, stays as it was (RFC 9111 §3.2). A 304 without `Date` is
/// dated by its arrival.
private func mergedFields(
  _ stored: FieldSection, updatedBy update: FieldSection, receivedAt: WallTime
) -> FieldSection {
  var merged = stored
  let updating = update.lines.filter { !isKeptOnUpdate($0.known) }
  for line in updating { merged.removeAll(named: update.name(of: line)) }
  for line in updating {
    merged.append(name: update.name(of: line), value: update.value(of: line))
  }
  if !update.contains(.date) { merged.set(.date, HTTPDate.format(receivedAt)) }
  return merged
}

private func isKeptOnUpdate(_ field: KnownField?) -> Bool {
  switch field {
  case .contentLength, .contentEncoding, .contentRange, .transferEncoding, .connection, .keepAlive:
    true
  default: false
  }
}
