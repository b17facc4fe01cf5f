/// An HTTP/1 message as it came, taken apart just enough for a test to look at it.
///
/// Deliberately not the product's parser: what a journey asserts must not depend on what it tests.
package struct RawMessage: Sendable {
  package struct Field: Sendable {
    package let name: String
    package let value: String
  }

  package let startLine: String
  package let fields: [Field]
  /// The body with any chunked coding removed.
  package let body: [UInt8]
  /// Everything, byte for byte, as it came.
  package let bytes: [UInt8]

  /// The response to a GET that these bytes begin with.
  ///
  /// - Throws: When they end too soon.
  package init(responseIn bytes: [UInt8]) throws {
    var pieces = [bytes]
    var reader = RawMessageReader { pieces.popLast() ?? [] }
    guard let message = try reader.next(responseTo: "GET") else {
      throw JourneyFailure("there is no response")
    }
    self = message
  }

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package var bodyText: String { String(decoding: body, as: UTF8.self) }

  /// The status of a response; 0 when the start line has none.
  package var status: Int {
    let parts = startLine.split(separator: " ")
    return parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  }

  /// The method of a request.
  package var method: String { startLine.split(separator: " ").first.map(String.init) ?? "" }

  /// The target of a request.
  package var target: String {
    let parts = startLine.split(separator: " ")
    return parts.count > 1 ? String(parts[1]) : ""
  }

  /// The values of every field line of that name.
  package func values(_ name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
  }

  /// The values of that name joined by commas, or nil when there is none.
  package subscript(name: String) -> String? {
    let values = values(name)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }

  init(head: [UInt8], body: [UInt8], bytes: [UInt8]) {
    let lines = String(decoding: head, as: UTF8.self)
      .split(separator: "\r\n", omittingEmptySubsequences: true)
    startLine = lines.first.map(String.init) ?? ""
    fields = lines.dropFirst().map { line in
      let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let value = halves.count > 1 ? halves[1] : ""
      return Field(name: String(halves[0]), value: value.trimmed)
    }
    self.body = body
    self.bytes = bytes
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var rest = self
    while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
    while rest.last == " " || rest.last == "\t" { rest.removeLast() }
    return String(rest)
  }
}

/// Reads messages off something that gives bytes.
struct RawMessageReader {
  /// Gives more bytes, or none at the end.
  let more: () throws -> [UInt8]
  /// What came after the last message.
  var pending: [UInt8] = []

  init(more: @escaping () throws -> [UInt8]) { self.more = more }

  /// The next message, or nil when the peer closed before its first byte.
  ///
  /// - Parameter hasBody: Whether a response to a request of this method has one; nil for requests.
  mutating func next(responseTo method: String? = nil) throws -> RawMessage? {
    while pending.firstRange(of: [13, 10, 13, 10]) == nil {
      let bytes = try more()
      guard !bytes.isEmpty else {
        guard pending.isEmpty else {
          throw JourneyFailure(
            "the peer closed inside a head: \(String(decoding: pending, as: UTF8.self))")
        }
        return nil
      }
      pending += bytes
    }
    guard let end = pending.firstRange(of: [13, 10, 13, 10]) else { return nil }
    let head = Array(pending[..<end.upperBound])
    var raw = head
    pending.removeFirst(head.count)
    let probe = RawMessage(head: head, body: [], bytes: head)
    var body: [UInt8] = []
    if method != nil,
      method == "HEAD" || probe.status < 200 || probe.status == 204 || probe.status == 304
    {
      return probe
    }
    if probe["Transfer-Encoding"]?.lowercased().hasSuffix("chunked") == true {
      body = try readChunks(into: &raw)
    } else if let length = probe.values("Content-Length").first.flatMap({ Int($0) }) {
      body = try take(length, into: &raw)
    } else if method != nil {
      while true {
        body += pending
        raw += pending
        pending = try more()
        if pending.isEmpty { break }
      }
    }
    return RawMessage(head: head, body: body, bytes: raw)
  }

  private mutating func readChunks(into raw: inout [UInt8]) throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let line = try takeLine(into: &raw)
      let digits = line.prefix { $0 != 0x3B && $0 != 0x0D }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else {
        throw JourneyFailure("no chunk size: \(String(decoding: line, as: UTF8.self))")
      }
      if size == 0 { break }
      body += try take(size, into: &raw)
      _ = try takeLine(into: &raw)
    }
    while try takeLine(into: &raw).count > 2 {}
    return body
  }

  private mutating func takeLine(into raw: inout [UInt8]) throws -> [UInt8] {
    while true {
      if let end = pending.firstIndex(of: 0x0A) { return try take(end + 1, into: &raw) }
      try fill()
    }
  }

  private mutating func take(_ count: Int, into raw: inout [UInt8]) throws -> [UInt8] {
    while pending.count < count { try fill() }
    let taken = Array(pending[..<count])
    pending.removeFirst(count)
    raw += taken
    return taken
  }

  private mutating func fill() throws {
    let bytes = try more()
    guard !bytes.isEmpty else { throw JourneyFailure("the peer closed inside a body") }
    pending += bytes
  }
}
