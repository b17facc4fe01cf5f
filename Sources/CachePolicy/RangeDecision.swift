package import HTTPModel
package import Primitives

/// What of a stored response answers a request, where that may not be all of it.
package enum RangeDecision: Sendable, Hashable {
  /// The whole, as if there were no `Range`; the reason says why it counts for nothing.
  case whole(CacheReason)
  /// 206 with these bytes.
  case part(ByteRange)
  /// 206 `multipart/byteranges` with these bytes, in this order.
  case parts([ByteRange])
  /// 416.
  case notSatisfiable(completeLength: Int64)
  /// What is stored is not enough: ask the origin.
  case fetch(RangeFetch, CacheReason)

  package var reason: CacheReason {
    switch self {
    case .whole(let reason), .fetch(_, let reason): reason
    case .part, .parts: .rangeAnswered
    case .notSatisfiable: .rangeNotSatisfiable
    }
  }
}

/// What to ask the origin for where a stored part is not enough.
package enum RangeFetch: Sendable, Hashable {
  /// These bytes, with `setCompletionFields`; then `combineDecision`.
  case missing(ByteRange)
  /// What the client asked for, its `Range` and `If-Range` included.
  case asAsked
  /// All of it, without `Range`.
  case whole
}

/// Decides what of a stored response answers a request (RFC 9110 §14.2, RFC 9111 §3.3).
///
/// Called where the request has `Range` or the stored response is a part, after `reuseDecision` has
/// allowed its use and `conditionDecision` has not ended in a 304 (RFC 9110 §13.2.2). `head` is the
/// stored head, `part` what is held of the content: `.whole(length)` for a whole one.
package func rangeDecision(
  for request: RequestHead, stored: StoredMetadata, head: ArraySlice<UInt8>, part: StoredPart,
  now: WallTime, rules: CacheRules
) -> RangeDecision {
  guard request.method == .get else {
    return part.isWhole ? .whole(.rangeIgnored) : .fetch(.asAsked, .partMissing)
  }
  let validators = StoredValidators(stored, head: head)
  guard stored.status == .ok,
    let specs = RangeField.specs(of: request.fields, limit: Int(rules.rangeLimit))
  else {
    return part.isWhole ? .whole(.rangeIgnored) : completion(of: part, validators)
  }
  if request.fields.contains(.ifRange), !validators.ifRangeHolds(request.fields, now: now) {
    return part.isWhole ? .whole(.ifRangeFailed) : .fetch(.asAsked, .ifRangeFailed)
  }
  guard let length = part.completeLength else {
    return partOfUnknownLength(specs, part, validators)
  }
  let ranges = RangeField.ranges(specs, within: length)
  if ranges.isEmpty { return .notSatisfiable(completeLength: length) }
  guard ranges.allSatisfy(part.holds) else { return missing(of: ranges, part, validators) }
  if let range = ranges.first, ranges.count == 1 { return .part(range) }
  if haveOverlap(ranges) {
    return part.isWhole ? .whole(.rangeIgnored) : .fetch(.asAsked, .partMissing)
  }
  return .parts(ranges)
}

/// What completes a stored part where the whole is asked for: its missing end or beginning, and all
/// of it where both are missing, the length is not known, or nothing can be added (RFC 9111 §3.4).
private func completion(of part: StoredPart, _ validators: StoredValidators) -> RangeDecision {
  guard validators.strongTag != nil else { return .fetch(.whole, .partWithoutValidator) }
  guard let length = part.completeLength else { return .fetch(.whole, .partMissing) }
  if part.first == 0, let rest = ByteRange(first: part.end, last: length - 1) {
    return .fetch(.missing(rest), .partMissing)
  }
  if part.end == length, let rest = ByteRange(first: 0, last: part.first - 1) {
    return .fetch(.missing(rest), .partMissing)
  }
  return .fetch(.whole, .partMissing)
}

/// What is missing of one range that the stored part touches; else the request goes on as it came.
private func missing(
  of ranges: [ByteRange], _ part: StoredPart, _ validators: StoredValidators
) -> RangeDecision {
  guard validators.strongTag != nil else { return .fetch(.asAsked, .partWithoutValidator) }
  guard let range = ranges.first, ranges.count == 1 else { return .fetch(.asAsked, .partMissing) }
  if range.first >= part.first, range.first <= part.end,
    let rest = ByteRange(first: part.end, last: range.last)
  {
    return .fetch(.missing(rest), .partMissing)
  }
  if range.last < part.end, range.last >= part.first - 1,
    let rest = ByteRange(first: range.first, last: part.first - 1)
  {
    return .fetch(.missing(rest), .partMissing)
  }
  return .fetch(.asAsked, .partMissing)
}

/// Where nobody has said how long the whole is, only a range that names both its ends can be
/// answered.
private func partOfUnknownLength(
  _ specs: [RangeField.Spec], _ part: StoredPart, _ validators: StoredValidators
) -> RangeDecision {
  guard specs.count == 1, case .from(let first, let last) = specs[0],
    let range = ByteRange(first: first, last: last), part.holds(range)
  else { return .fetch(.asAsked, .partMissing) }
  return .part(range)
}

/// Whether two of the ranges have a byte in common: such a request gets the whole (RFC 9110 §14.2).
private func haveOverlap(_ ranges: [ByteRange]) -> Bool {
  let sorted = ranges.sorted { $0.first < $1.first }
  return zip(sorted, sorted.dropFirst()).contains { $0.last >= $1.first }
}

/// The validators of a stored response, read from its head.
struct StoredValidators {
  let tag: ArraySlice<UInt8>?
  let lastModified: ArraySlice<UInt8>?
  private let modifiedAt: WallTime
  private let dateValue: WallTime?

  init(_ stored: StoredMetadata, head: ArraySlice<UInt8>) {
    tag = storedValue(at: stored.entityTagRange, in: head)
    lastModified = storedValue(at: stored.lastModifiedRange, in: head)
    let modifiedAt = stored.modifiedAt
    self.modifiedAt = modifiedAt
    dateValue =
      lastModified == nil
      ? nil
      : StoredHead.fields(of: head).only(.date).flatMap { HTTPDate.parse($0, now: modifiedAt) }
  }

  /// The stored `ETag` where it is a strong one.
  var strongTag: ArraySlice<UInt8>? {
    guard let tag, let parsed = EntityTag(tag), !parsed.isWeak else { return nil }
    return tag
  }

  /// Whether `If-Range` names what is stored (RFC 9110 §13.1.5): the same strong tag, or exactly
  /// the date of a `Last-Modified` that is strong because it lies a minute before `Date`
  /// (§8.8.2.2).
  func ifRangeHolds(_ fields: FieldSection, now: WallTime) -> Bool {
    guard let value = fields.only(.ifRange) else { return false }
    if let asked = EntityTag(value) {
      return tag.flatMap { EntityTag($0) }.map { asked.matchesStrongly($0) } ?? false
    }
    guard let asked = HTTPDate.parse(value, now: now), lastModified != nil, let dateValue else {
      return false
    }
    return asked.secondsSinceEpoch == modifiedAt.secondsSinceEpoch
      && dateValue.secondsSinceEpoch - modifiedAt.secondsSinceEpoch >= 60
  }
}

/// A part of a stored head, nil when the range is empty or not inside.
func storedValue(at range: Range<Int>, in head: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
  guard !range.isEmpty, range.upperBound <= head.count else { return nil }
  return head[head.startIndex + range.lowerBound..<head.startIndex + range.upperBound]
}
