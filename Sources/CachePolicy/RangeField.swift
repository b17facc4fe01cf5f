package import HTTPModel
internal import Primitives

/// What `Range` of a request asks for (RFC 9110 §14.2), resolved against a length.
enum RangeField {
  /// One member of the list, as it came (RFC 9110 §14.1.1).
  enum Spec: Equatable {
    /// `first-last`, or `first-` with the largest number as the end.
    case from(Int64, through: Int64)
    /// `-length`: the last so many bytes.
    case last(Int64)
  }

  /// The members; nil where the field is to be ignored: missing, repeated, not in bytes, not well
  /// formed, or longer than the limit.
  static func specs(of fields: FieldSection, limit: Int) -> [Spec]? {
    guard let value = fields.only(.range),
      let equals = value.firstIndex(of: ASCII.equals),
      value[..<equals].equalsIgnoringASCIICase("bytes")
    else { return nil }
    var specs: [Spec] = []
    for member in value[(equals + 1)...].split(separator: ASCII.comma) {
      let text = member.trimmingOptionalWhitespace()
      if text.isEmpty { continue }
      guard specs.count < limit, let spec = spec(text) else { return nil }
      specs.append(spec)
    }
    return specs.isEmpty ? nil : specs
  }

  private static let hyphen: UInt8 = 0x2D

  private static func spec(_ text: ArraySlice<UInt8>) -> Spec? {
    guard let mark = text.firstIndex(of: hyphen) else { return nil }
    let left = text[..<mark]
    let right = text[(mark + 1)...]
    if left.isEmpty { return position(right).map { .last($0) } }
    guard let first = position(left) else { return nil }
    if right.isEmpty { return .from(first, through: largest) }
    guard let last = position(right), last >= first else { return nil }
    return .from(first, through: last)
  }

  /// The largest position this program counts with; larger ones count as it.
  private static let largest = Int64.max - 1

  /// Digits as a position; nil where they are none.
  static func position(_ text: ArraySlice<UInt8>) -> Int64? {
    guard !text.isEmpty, text.allSatisfy(ASCII.isDigit) else { return nil }
    return min(text.decimalValue() ?? largest, largest)
  }

  /// The ranges that lie within a representation of this length, in order; those that do not are
  /// left out (RFC 9110 §14.1.2).
  static func ranges(_ specs: [Spec], within length: Int64) -> [ByteRange] {
    specs.compactMap { spec in
      switch spec {
      case .from(let first, let last):
        first < length ? ByteRange(first: first, last: min(last, length - 1)) : nil
      case .last(let count):
        count > 0 && length > 0
          ? ByteRange(first: max(length - count, 0), last: length - 1) : nil
      }
    }
  }
}

/// `Content-Range` of a response (RFC 9110 §14.4).
struct ContentRange: Equatable {
  let range: ByteRange
  /// Nil for `*`: not known.
  let completeLength: Int64?

  /// Nil where the field is missing, repeated, not in bytes, not well formed, without a range, or
  /// contradicts itself.
  init?(_ fields: FieldSection) {
    guard let value = fields.only(.contentRange),
      let blank = value.firstIndex(of: ASCII.space),
      value[..<blank].equalsIgnoringASCIICase("bytes")
    else { return nil }
    let rest = value[(blank + 1)...]
    guard let slash = rest.firstIndex(of: ASCII.slash),
      let mark = rest[..<slash].firstIndex(of: 0x2D),
      let first = rest[..<mark].decimalValue(),
      let last = rest[(mark + 1)..<slash].decimalValue(),
      let range = ByteRange(first: first, last: last)
    else { return nil }
    self.range = range
    let length = rest[(slash + 1)...]
    if length.equals("*") {
      completeLength = nil
    } else {
      guard let complete = length.decimalValue(), complete > last else { return nil }
      completeLength = complete
    }
  }

  /// The part that a response with this range holds.
  var part: StoredPart? {
    StoredPart(first: range.first, count: range.count, completeLength: completeLength)
  }
}

/// Whether a response in parts contradicts itself: its range is missing or wrong, or its content is
/// not as long as the range says (RFC 9110 §15.3.7). False for all but a 206 with one part.
///
/// `contentLength` is what the framing announced, nil where it announced nothing.
package func contradictsItsRange(_ response: ResponseHead, contentLength: Int64?) -> Bool {
  guard response.status == .partialContent, !isMultipart(response.fields) else { return false }
  guard let range = ContentRange(response.fields) else { return true }
  return contentLength.map { $0 != range.range.count } ?? false
}

/// Whether the content is `multipart/byteranges` (RFC 9110 §14.6).
func isMultipart(_ fields: FieldSection) -> Bool {
  guard !fields.contains(.contentRange), let type = fields.first(.contentType) else {
    return false
  }
  return type.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
    .equalsIgnoringASCIICase("multipart/byteranges")
}
