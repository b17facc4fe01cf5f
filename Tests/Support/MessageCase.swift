import Glibc
package import HTTPModel
import Primitives

/// One message of a corpus under `Tests/Corpora/messages`, and what a strict reader answers to it.
///
/// The files are plain text, so that a test of the parser and a test of the running proxy read the
/// same:
///
///     # A comment.
///     name-of-the-case
///     request -> bare-line-feed
///     | GET / HTTP/1.1\n
///     | Host: a.example\r\n
///     | \r\n
///
/// The second line is `request` or `response to METHOD`, then `accepted` or a reason code. Lines
/// with a bar are the bytes, joined without anything between them; `\r \n \t \0 \\` and `\xHH` mean
/// what they do in C, and `\*300{ab}` is `ab` 300 times. After the last byte the peer closes.
package struct MessageCase: Sendable {
  package enum Direction: Equatable, Sendable {
    case request
    case response(to: Method)
  }

  package let name: String
  package let direction: Direction
  /// A reason code, or `accepted`.
  package let expected: String
  package let bytes: [UInt8]

}

/// What is wrong with a corpus file.
package struct CorpusError: Error, CustomStringConvertible {
  package let description: String
}

extension MessageCase {
  /// The cases of `Tests/Corpora/messages/FILE`.
  package static func load(_ file: String) throws -> [MessageCase] {
    let tests = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    let path = tests.joined(separator: "/") + "/Corpora/messages/" + file
    return try parse(String(decoding: try contents(of: path), as: UTF8.self), file: file)
  }

  private static func contents(of path: String) throws -> [UInt8] {
    guard let stream = fopen(path, "r") else {
      throw CorpusError(description: "cannot open \(path): errno \(errno)")
    }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, stream)
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }

  static func parse(_ text: String, file: String) throws -> [MessageCase] {
    var cases: [MessageCase] = []
    var pending: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#") { continue }
      if !line.isEmpty {
        pending.append(line)
      } else if !pending.isEmpty {
        cases.append(try one(pending, file: file))
        pending = []
      }
    }
    if !pending.isEmpty { cases.append(try one(pending, file: file)) }
    let names = Set(cases.map(\.name))
    guard names.count == cases.count else {
      throw CorpusError(description: "\(file) names a case twice")
    }
    return cases
  }

  private static func one(_ lines: [Substring], file: String) throws -> MessageCase {
    let name = String(lines[0])
    guard lines.count > 2, let arrow = lines[1].range(of: " -> ") else {
      throw CorpusError(description: "\(file): \(name) is not a name, an answer and bytes")
    }
    var bytes: [UInt8] = []
    for line in lines.dropFirst(2) {
      guard line.hasPrefix("| ") else {
        throw CorpusError(description: "\(file): a line of \(name) begins without a bar")
      }
      guard appendUnescaped(Array(line.dropFirst(2).utf8)[...], to: &bytes) else {
        throw CorpusError(description: "\(file): \(name) has a bad escape")
      }
    }
    return MessageCase(
      name: name, direction: try direction(lines[1][..<arrow.lowerBound], name),
      expected: String(lines[1][arrow.upperBound...]), bytes: bytes)
  }

  private static func direction(_ words: Substring, _ name: String) throws -> Direction {
    if words == "request" { return .request }
    guard words.hasPrefix("response to ") else {
      throw CorpusError(description: "\(name) is neither a request nor a response")
    }
    return .response(to: Method(token: Array(words.dropFirst(12).utf8)))
  }

  /// Appends the bytes the escaped text stands for; false for an escape that is none.
  private static func appendUnescaped(_ text: ArraySlice<UInt8>, to bytes: inout [UInt8]) -> Bool {
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == ASCII.backslash else {
        bytes.append(byte)
        continue
      }
      switch rest.popFirst() {
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "0"): bytes.append(0x00)
      case ASCII.backslash: bytes.append(ASCII.backslash)
      case UInt8(ascii: "x"):
        guard let high = rest.popFirst().flatMap(ASCII.hexadecimalValue),
          let low = rest.popFirst().flatMap(ASCII.hexadecimalValue)
        else { return false }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "*"):
        guard appendRepeated(&rest, to: &bytes) else { return false }
      default: return false
      }
    }
    return true
  }

  private static func appendRepeated(_ rest: inout ArraySlice<UInt8>, to bytes: inout [UInt8])
    -> Bool
  {
    guard let open = rest.firstIndex(of: UInt8(ascii: "{")),
      let close = closingBrace(rest, after: open), let count = rest[..<open].decimalValue()
    else { return false }
    var unit: [UInt8] = []
    guard appendUnescaped(rest[(open + 1)..<close], to: &unit) else { return false }
    for _ in 0..<count { bytes.append(contentsOf: unit) }
    rest = rest[(close + 1)...]
    return true
  }

  /// The brace that closes the one at `open`; what is repeated may repeat something itself.
  private static func closingBrace(_ text: ArraySlice<UInt8>, after open: Int) -> Int? {
    var depth = 0
    for index in text[open...].indices {
      if text[index] == UInt8(ascii: "{") { depth += 1 }
      if text[index] == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return index }
    }
    return nil
  }
}

extension Substring {
  /// Where `text` first occurs.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return start..<index(start, offsetBy: text.count)
      }
      formIndex(after: &start)
    }
    return nil
  }
}
