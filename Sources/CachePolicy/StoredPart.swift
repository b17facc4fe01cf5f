/// A run of bytes of a representation, both ends included, as `Range` and `Content-Range` count
/// (RFC 9110 §14.1.2).
package struct ByteRange: Sendable, Hashable {
  package let first: Int64
  package let last: Int64

  /// Nil where the ends are no range: negative, in the wrong order, or more than can be counted.
  package init?(first: Int64, last: Int64) {
    guard first >= 0, last >= first, last < .max else { return nil }
    self.first = first
    self.last = last
  }

  package var count: Int64 { last - first + 1 }
}

/// Which bytes of a representation a stored response holds (RFC 9111 §3.3).
package struct StoredPart: Sendable, Hashable {
  /// The position of the first byte held.
  package let first: Int64
  /// How many bytes are held.
  package let count: Int64
  /// How long the whole representation is; nil where nobody has said.
  package let completeLength: Int64?

  /// Nil where the numbers contradict each other.
  package init?(first: Int64, count: Int64, completeLength: Int64?) {
    let (end, overflowed) = first.addingReportingOverflow(count)
    guard first >= 0, count >= 0, !overflowed, completeLength.map({ end <= $0 }) ?? true else {
      return nil
    }
    self.first = first
    self.count = count
    self.completeLength = completeLength
  }

  /// All of a representation of this length. A negative one counts as 0.
  package static func whole(_ length: Int64) -> StoredPart {
    StoredPart(unchecked: max(length, 0))
  }

  private init(unchecked length: Int64) {
    first = 0
    count = length
    completeLength = length
  }

  /// The position after the last byte held.
  package var end: Int64 { first + count }
  package var isWhole: Bool { first == 0 && completeLength == count }

  /// Whether every byte of the range is held.
  package func holds(_ range: ByteRange) -> Bool { range.first >= first && range.last < end }
}
