internal import HTTPModel
package import Primitives

// Heads of answers that hold not all of what is stored.
extension StoredHead {
  /// Appends the head of a 206 with one part, without the empty line, for a stored head (RFC 9110
  /// §15.3.7.1). `completeLength` is nil where nobody knows it.
  package static func appendPart(
    of head: ArraySlice<UInt8>, range: ByteRange, completeLength: Int64?,
    to output: inout [UInt8]
  ) {
    output.append(ascii: "HTTP/1.1 206 Partial Content\r\n")
    appendLines(of: head, to: &output) { isAboutLength($0) }
    appendContentRange(range, completeLength: completeLength, to: &output)
    output.append(ascii: "Content-Length: ")
    output.append(decimal: range.count.magnitude)
    output.append(ascii: "\r\n")
  }

  /// Appends the head of a 416, without the empty line (RFC 9110 §15.5.17): no content, and how
  /// much there is.
  package static func appendNotSatisfiable(
    completeLength: Int64, now: WallTime, to output: inout [UInt8]
  ) {
    output.append(ascii: "HTTP/1.1 416 Range Not Satisfiable\r\nDate: ")
    output.append(contentsOf: HTTPDate.format(now))
    output.append(ascii: "\r\nContent-Range: bytes */")
    output.append(decimal: completeLength.magnitude)
    output.append(ascii: "\r\nContent-Length: 0\r\n")
  }

  fileprivate static func appendContentRange(
    _ range: ByteRange, completeLength: Int64?, to output: inout [UInt8]
  ) {
    output.append(ascii: "Content-Range: bytes ")
    output.append(decimal: range.first.magnitude)
    output.append(ascii: "-")
    output.append(decimal: range.last.magnitude)
    output.append(ascii: "/")
    if let completeLength {
      output.append(decimal: completeLength.magnitude)
    } else {
      output.append(ascii: "*")
    }
    output.append(ascii: "\r\n")
  }

  /// Appends the lines of a stored head but those whose field is left out.
  fileprivate static func appendLines(
    of head: ArraySlice<UInt8>, to output: inout [UInt8],
    leavingOut isLeftOut: (KnownField?) -> Bool
  ) {
    forEachLine(of: head) { line in
      guard !isLeftOut(KnownField(name: line.prefix { $0 != ASCII.colon })) else { return }
      output.append(contentsOf: line)
      output.append(ascii: "\r\n")
    }
  }

  fileprivate static func isAboutLength(_ field: KnownField?) -> Bool {
    switch field {
    // A digest of the content is one of other content than what is sent (RFC 9530 §2).
    case .contentLength, .contentRange, .contentDigest: true
    default: false
    }
  }
}

/// A 206 with several parts (RFC 9110 §15.3.7.2, §14.6), as pieces to write one after the other:
///
///     head │ empty line │ delimiter 0 │ bytes of range 0 │ delimiter 1 │ … │ closing
package struct MultipartRanges: Sendable {
  package let ranges: [ByteRange]
  private let completeLength: Int64
  private let contentType: [UInt8]
  private let boundary: [UInt8]

  /// - `boundary`: token characters, at most 70, that do not stand in the content: at least 16 of
  ///   them random.
  package init(
    _ ranges: [ByteRange], completeLength: Int64, of head: ArraySlice<UInt8>, boundary: [UInt8]
  ) {
    self.ranges = ranges
    self.completeLength = completeLength
    self.boundary = boundary
    contentType = StoredHead.fields(of: head).first(.contentType).map { Array($0) } ?? []
  }

  /// Appends the head, without the empty line.
  package func appendHead(of head: ArraySlice<UInt8>, to output: inout [UInt8]) {
    output.append(ascii: "HTTP/1.1 206 Partial Content\r\n")
    StoredHead.appendLines(of: head, to: &output) {
      $0 == .contentType || StoredHead.isAboutLength($0)
    }
    output.append(ascii: "Content-Type: multipart/byteranges; boundary=")
    output.append(contentsOf: boundary)
    output.append(ascii: "\r\nContent-Length: ")
    output.append(decimal: contentLength.magnitude)
    output.append(ascii: "\r\n")
  }

  /// What stands before the bytes of a range: the delimiter and the part's own head. Nothing for a
  /// range that is not there.
  package func delimiter(before index: Int) -> [UInt8] {
    guard ranges.indices.contains(index) else { return [] }
    var bytes: [UInt8] = []
    bytes.append(ascii: index == 0 ? "--" : "\r\n--")
    bytes.append(contentsOf: boundary)
    bytes.append(ascii: "\r\n")
    if !contentType.isEmpty {
      bytes.append(ascii: "Content-Type: ")
      bytes.append(contentsOf: contentType)
      bytes.append(ascii: "\r\n")
    }
    StoredHead.appendContentRange(ranges[index], completeLength: completeLength, to: &bytes)
    bytes.append(ascii: "\r\n")
    return bytes
  }

  /// What stands after the bytes of the last range.
  package var closing: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(ascii: "\r\n--")
    bytes.append(contentsOf: boundary)
    bytes.append(ascii: "--\r\n")
    return bytes
  }

  /// How long the content is, delimiters included.
  package var contentLength: Int64 {
    ranges.indices.reduce(Int64(closing.count)) { sum, index in
      sum + Int64(delimiter(before: index).count) + ranges[index].count
    }
  }
}
