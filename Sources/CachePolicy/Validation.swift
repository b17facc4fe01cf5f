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
  if let tag = storedValue(at: stored.entityTagRange, in: head) { fields.append(.ifNoneMatch, tag) }
  if let date = storedValue(at: stored.lastModifiedRange, in: head) {
    fields.append(.ifModifiedSince, date)
  }
}

/// What a request to the origin asks for on a miss.
package enum MissRequest: Sendable, Hashable {
  /// The whole representation.
  case whole
  /// The client's own range: a 206 may come and be stored as a part.
  case range
}

/// Makes a client's GET fit for a miss of a cacheable target: its conditions go, so that a whole
/// answer comes and can be stored. `Range` and `If-Range` stay where parts are stored (RFC 9111
/// §3.3), else they go, too.
package func prepareMiss(in fields: inout FieldSection, rules: CacheRules) -> MissRequest {
  let keepsRange =
    rules.storesParts && fields.contains(.range)
    && RangeField.specs(of: fields, limit: Int(rules.rangeLimit)) != nil
  guard keepsRange else {
    removeConditions(from: &fields)
    return .whole
  }
  fields.removeAll(.ifNoneMatch)
  fields.removeAll(.ifModifiedSince)
  return .range
}

/// Takes a client's conditions and ranges off a request, so that the whole representation comes and
/// can be stored.
package func removeConditions(from fields: inout FieldSection) {
  fields.removeAll(.ifNoneMatch)
  fields.removeAll(.ifModifiedSince)
  fields.removeAll(.ifRange)
  fields.removeAll(.range)
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
/// variant). `part` is what is held of the content where that is not all. `vary` is what selects
/// the stored response, where that is another one than the validation was about (`FreshenScope`).
package func freshenDecision(
  stored: StoredMetadata, head: ArraySlice<UInt8>, part: StoredPart? = nil, vary: VaryKey? = nil,
  by response: ResponseHead, to request: RequestHead, requestedAt: WallTime, receivedAt: WallTime,
  rules: CacheRules
) -> FreshenDecision {
  guard response.status == .notModified else { return .refuse(.notAValidation) }
  guard validatorsAgree(StoredHead.fields(of: head), response.fields) else {
    return .refuse(.validatorMismatch)
  }
  // `no-store` and the like are judged as if the merged response had come whole.
  let question = StorageQuestion(
    merging: mergedHead(stored: stored, head: head, by: response.fields, receivedAt: receivedAt),
    request: request, requestedAt: requestedAt, receivedAt: receivedAt, rules: rules)
  if let vary { return freshened(question, vary: vary, part: part) }
  switch question.varyKey() {
  case .key(let vary): return freshened(question, vary: vary, part: part)
  case .any:
    return .answerAndRemove(question.storable(vary: VaryKey(), part: part), .varyAny)
  case .tooLarge:
    return .answerAndRemove(question.storable(vary: VaryKey(), part: part), .varyTooLarge)
  }
}

private func freshened(_ question: StorageQuestion, vary: VaryKey, part: StoredPart?)
  -> FreshenDecision
{
  let updated = question.storable(vary: vary, part: part)
  guard let reason = question.firstRefusal() else { return .freshened(updated) }
  return isAboutRequest(reason) ? .answerOnly(updated, reason) : .answerAndRemove(updated, reason)
}

/// Which stored responses of a key a 304 freshens besides the one it was asked about (RFC 9111
/// §4.3.4). Each of them is put to `freshenDecision` with its own `vary`.
package enum FreshenScope: Sendable, Hashable {
  /// Every one whose strong `ETag` is that of the 304.
  case everyWithStrongTag([UInt8])
  /// None: the tag is weak, or there is none, and only the most recent one is meant.
  case onlyAsked

  /// Whether a stored response is meant.
  package func includes(_ stored: StoredMetadata, head: ArraySlice<UInt8>) -> Bool {
    guard case .everyWithStrongTag(let tag) = self else { return false }
    return StoredValidators(stored, head: head).strongTag?.elementsEqual(tag) ?? false
  }
}

/// Which stored responses a 304 freshens besides the one it was asked about.
package func freshenScope(of response: ResponseHead) -> FreshenScope {
  guard let value = response.fields.only(.etag), let tag = EntityTag(value), !tag.isWeak else {
    return .onlyAsked
  }
  return .everyWithStrongTag(Array(value))
}

/// Whether a refusal to store says something about this request and nothing about what is stored:
/// else any client could empty the store by asking for validation with `no-store`.
func isAboutRequest(_ reason: CacheReason) -> Bool {
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

/// A stored head as a response updated by the fields of a newer one about the same representation.
func mergedHead(
  stored: StoredMetadata, head: ArraySlice<UInt8>, by update: FieldSection, receivedAt: WallTime
) -> ResponseHead {
  ResponseHead(
    status: stored.status, reason: StoredHead.reason(of: head),
    fields: mergedFields(StoredHead.fields(of: head), updatedBy: update, receivedAt: receivedAt))
}

/// The stored lines with those of the 304 in place of the same names. What describes the stored
/// content, and what is not stored anyway, stays as it was (RFC 9111 §3.2). A 304 without `Date` is
/// dated by its arrival.
private func mergedFields(
  _ stored: FieldSection, updatedBy update: FieldSection, receivedAt: WallTime
) -> FieldSection {
  var merged = stored
  // What the update says for one connection is gone with it.
  let passing = update.listMembers(of: .connection)
  let updating = update.lines.filter { line in
    !isKeptOnUpdate(line.known)
      && !passing.contains { update.name(of: line).equalsIgnoringASCIICase($0) }
  }
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
  case .te, .trailer, .upgrade, .proxyConnection: true
  default: false
  }
}
