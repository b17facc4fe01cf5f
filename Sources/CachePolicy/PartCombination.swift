package import HTTPModel
package import Primitives

/// Makes a request to the origin ask for what is missing of a stored part, and for nothing where
/// the representation has changed: `Range`, and `If-Range` with the stored strong tag (RFC 9110
/// §13.1.5). The client's own conditions and ranges go.
package func setCompletionFields(
  of stored: StoredMetadata, head: ArraySlice<UInt8>, missing: ByteRange,
  in fields: inout FieldSection
) {
  removeConditions(from: &fields)
  guard let tag = StoredValidators(stored, head: head).strongTag else { return }
  var range = [UInt8](ascii: "bytes=")
  range.append(decimal: UInt64(missing.first.magnitude))
  range.append(0x2D)
  range.append(decimal: UInt64(missing.last.magnitude))
  fields.append(.range, range)
  fields.append(.ifRange, tag)
}

/// How the content of a combined response is put together:
/// `old[prefix] │ the new content │ old[suffix]`.
package struct CombinationPlan: Sendable, Hashable {
  /// Positions in the stored content, not in the representation.
  package let prefix: Range<Int>
  package let suffix: Range<Int>
}

/// What becomes of a stored part and the answer to the request that was to complete it.
package enum CombineDecision: Sendable, Equatable {
  /// Both are one response now: put the content together as the plan says once all of it has come.
  case combined(StorableResponse, StoredPart, CombinationPlan)
  /// No part: the response stands for itself, as on a miss.
  case replace
  /// The two do not fit, or may not be stored: ask again for the whole.
  case refuse(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .combined: .partCombined
    case .replace: .notAValidation
    case .refuse(let reason): reason
    }
  }
}

/// A stored part as combining needs it.
package struct HeldPart: Sendable {
  package let metadata: StoredMetadata
  /// The stored head.
  package let head: ArraySlice<UInt8>
  package let vary: VaryKey
  package let part: StoredPart

  package init(
    metadata: StoredMetadata, head: ArraySlice<UInt8>, vary: VaryKey, part: StoredPart
  ) {
    self.metadata = metadata
    self.head = head
    self.vary = vary
    self.part = part
  }
}

/// Combines a stored part with the 206 that answers a request made by `setCompletionFields` (RFC
/// 9111 §3.4): only with the same strong validator, and only without a gap.
///
/// `contentLength` is what the 206's framing announced. The rest is as for `freshenDecision`.
package func combineDecision(
  held: HeldPart, by response: ResponseHead, contentLength: Int64?, to request: RequestHead,
  requestedAt: WallTime, receivedAt: WallTime, rules: CacheRules
) -> CombineDecision {
  if response.status == .rangeNotSatisfiable { return .refuse(.partMismatch) }
  guard response.status == .partialContent else { return .replace }
  guard !contradictsItsRange(response, contentLength: contentLength),
    let range = ContentRange(response.fields), let new = range.part
  else { return .refuse(.partContradiction) }
  let old = held.part
  let stored = StoredValidators(held.metadata, head: held.head)
  guard let tag = stored.strongTag, response.fields.only(.etag) == tag,
    old.completeLength == nil || new.completeLength == nil
      || old.completeLength == new.completeLength,
    let plan = CombinationPlan(old: old, new: new)
  else {
    let isOther = response.fields.only(.etag) != stored.strongTag
    return .refuse(isOther || touches(old, new) ? .partMismatch : .partNotAdjacent)
  }
  let first = min(old.first, new.first)
  let complete = old.completeLength ?? new.completeLength
  guard
    let union = StoredPart(
      first: first, count: max(old.end, new.end) - first, completeLength: complete)
  else { return .refuse(.partContradiction) }
  let merged = mergedHead(
    stored: held.metadata, head: held.head, by: response.fields, receivedAt: receivedAt)
  let question = StorageQuestion(
    merging: merged, request: request, requestedAt: requestedAt, receivedAt: receivedAt,
    rules: rules)
  if let reason = question.firstRefusal() { return .refuse(reason) }
  return .combined(question.storable(vary: held.vary, part: union), union, plan)
}

private func touches(_ one: StoredPart, _ other: StoredPart) -> Bool {
  one.first <= other.end && other.first <= one.end
}

extension CombinationPlan {
  /// Nil where bytes would be missing between the two, or there is more than memory can hold.
  fileprivate init?(old: StoredPart, new: StoredPart) {
    guard touches(old, new), let count = Int(exactly: old.count) else { return nil }
    let before = Int(clamping: min(max(new.first - old.first, 0), old.count))
    let after = Int(clamping: min(max(new.end - old.first, 0), old.count))
    prefix = 0..<before
    suffix = max(after, before)..<count
  }
}

// MARK: What broke off

/// What becomes of a response whose content broke off.
package enum IncompleteDecision: Sendable, Equatable {
  /// Keep what came, as a part.
  case keep(StorableResponse)
  case discard(CacheReason)

  package var reason: CacheReason {
    switch self {
    case .keep: .incompleteKept
    case .discard(let reason): reason
    }
  }
}

/// Decides whether the beginning of a response is kept when the rest does not come (RFC 9111 §3.3):
/// only of a 200 or 206 whose length had been announced, and only with a strong validator, without
/// which nothing could ever be added to it.
package func incompleteDecision(
  _ storable: StorableResponse, receivedCount: Int64, announcedCount: Int64?, rules: CacheRules
) -> IncompleteDecision {
  let stored = storable.metadata
  guard rules.storesParts, stored.status == .ok, receivedCount > 0,
    let announcedCount, receivedCount < announcedCount,
    StoredValidators(stored, head: storable.head[...]).strongTag != nil
  else { return .discard(.incomplete) }
  let whole = storable.part ?? .whole(announcedCount)
  guard
    let part = StoredPart(
      first: whole.first, count: receivedCount, completeLength: whole.completeLength)
  else { return .discard(.incomplete) }
  return .keep(storable.holding(part))
}
