internal import Foundation
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Proxy

/// Exchanges as people and browsers write them down.
enum RecordedExchange {
  /// The largest file that is read, in bytes.
  private static let fileLimit = 64 << 20

  static func bytes(of file: String) throws(ExplainError) -> [UInt8] {
    guard let handle = FileHandle(forReadingAtPath: file) else {
      throw ExplainError(sentence: "the file \(file) cannot be read")
    }
    do {
      let data = try handle.read(upToCount: fileLimit) ?? Data()
      return Array(data)
    } catch {
      throw ExplainError(sentence: "the file \(file) cannot be read: \(error)")
    }
  }

  static func method(_ text: String) throws(ExplainError) -> Method {
    guard !text.isEmpty, text.utf8.count <= 32, text.utf8.allSatisfy(ASCII.isTokenCharacter)
    else { throw ExplainError(sentence: "'\(text)' is no method") }
    return Method(token: text.utf8)
  }

  /// Fields of lines such as `Name: value`.
  static func fields(_ lines: [String]) throws(ExplainError) -> FieldSection {
    var fields = FieldSection()
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else {
        throw ExplainError(sentence: "'\(line)' is no field: write 'Name: value'")
      }
      try add(
        String(line[..<colon]), String(line[line.index(after: colon)...]), to: &fields)
    }
    return fields
  }

  private static func add(
    _ name: String, _ value: String, to fields: inout FieldSection
  ) throws(ExplainError) {
    let bytes = Array(value.utf8)[...].trimmingOptionalWhitespace()
    guard let field = FieldName(name.utf8), FieldValue.isValid(Array(bytes)) else {
      throw ExplainError(sentence: "'\(name)' is no field that could be sent")
    }
    fields.append(name: field.bytes, value: bytes)
  }

  // MARK: Messages

  /// Lines of a file that was written by hand end in a line feed alone; messages do not.
  private static func message(in file: String) throws(ExplainError) -> [UInt8] {
    let text = try bytes(of: file)
    guard !text.contains(ASCII.carriageReturn) else { return text }
    var ends = text.split(
      separator: ASCII.lineFeed, omittingEmptySubsequences: false)
    // The head ends at the first empty line; a file without content may leave it out.
    let headEnd = ends.firstIndex(where: \.isEmpty) ?? ends.count
    let content = ends.dropFirst(headEnd + 1).joined(separator: [ASCII.lineFeed])
    ends = Array(ends.prefix(headEnd))
    let head = ends.flatMap { $0 + [ASCII.carriageReturn, ASCII.lineFeed] }
    return head + [ASCII.carriageReturn, ASCII.lineFeed] + content
  }

  static func request(in file: String, scheme: String) throws(ExplainError) -> ExplainedExchange {
    guard scheme == "http" || scheme == "https" else {
      throw ExplainError(sentence: "a scheme is http or https")
    }
    let text = try message(in: file)
    let head: RequestHead
    do throws(ProtocolViolation) {
      var scanner = HeadScanner(.request)
      guard let count = try scanner.scan(text.span) else {
        throw ProtocolViolation(.truncatedContent)
      }
      head = try RequestHeadParser.parse(text.span.extracting(0..<count))
    } catch {
      throw ExplainError(sentence: "\(file) is no request: \(error.code.rawValue)")
    }
    let url =
      head.targetForm == .absolute
      ? head.target : Array("\(scheme)://".utf8) + head.authority + head.target
    return ExplainedExchange(
      method: head.method, url: url, fields: head.fields, time: WallTime(milliseconds: 0))
  }

  static func addResponse(
    in file: String, to exchange: inout ExplainedExchange
  ) throws(ExplainError) {
    let text = try message(in: file)
    let span = text.span
    do throws(ProtocolViolation) {
      var scanner = HeadScanner(.response)
      guard let count = try scanner.scan(span) else { throw ProtocolViolation(.truncatedContent) }
      let head = try ResponseHeadParser.parse(span.extracting(0..<count))
      var body = BodyDecoder(try responseFraming(of: head, toMethod: exchange.method))
      var content: [UInt8] = []
      var offset = count
      reading: while !body.isFinished {
        switch try body.next(in: span, from: offset) {
        case .data(let range):
          content.append(contentsOf: text[range])
          offset = range.upperBound
        case .needsMore: break reading
        case .end(let next): offset = next
        }
      }
      exchange.response = head
      exchange.content = content
    } catch {
      throw ExplainError(sentence: "\(file) is no response: \(error.code.rawValue)")
    }
  }

  // MARK: HAR

  private struct Archive: Decodable {
    struct Field: Decodable {
      var name: String
      var value: String
    }
    struct Request: Decodable {
      var method: String
      var url: String
      var headers: [Field]
    }
    struct Content: Decodable {
      var text: String?
      var encoding: String?
    }
    struct Response: Decodable {
      var status: Int
      var headers: [Field]
      var content: Content?
    }
    struct Entry: Decodable {
      var startedDateTime: String?
      var request: Request
      var response: Response
    }
    struct Log: Decodable { var entries: [Entry] }
    var log: Log
  }

  static func entry(_ number: Int, ofHAR file: String) throws(ExplainError) -> ExplainedExchange {
    let entries: [Archive.Entry]
    let text = try bytes(of: file)
    do {
      entries = try JSONDecoder().decode(Archive.self, from: Data(text)).log.entries
    } catch {
      throw ExplainError(sentence: "\(file) is no HAR file")
    }
    guard entries.indices.contains(number) else {
      throw ExplainError(sentence: "\(file) has \(entries.count) entries, counted from 0")
    }
    let entry = entries[number]
    let moment = entry.startedDateTime.flatMap(Self.time)
    var exchange = ExplainedExchange(
      method: try method(entry.request.method), url: Array(entry.request.url.utf8),
      fields: try fields(entry.request.headers),
      time: moment ?? WallTime(milliseconds: 0))
    // Browsers write 0 where no answer came.
    guard let code = UInt16(exactly: entry.response.status), code >= 100 else { return exchange }
    exchange.response = ResponseHead(
      status: Status(code), fields: try fields(entry.response.headers))
    if let content = entry.response.content, let text = content.text {
      exchange.content =
        content.encoding == "base64"
        ? Data(base64Encoded: text).map { Array($0) } : Array(text.utf8)
    }
    return exchange
  }

  /// Without what HTTP/2 has in place of a request line.
  private static func fields(_ lines: [Archive.Field]) throws(ExplainError) -> FieldSection {
    var fields = FieldSection()
    for line in lines where !line.name.hasPrefix(":") {
      try add(line.name, line.value, to: &fields)
    }
    return fields
  }

  private static func time(_ text: String) -> WallTime? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    let plain = ISO8601DateFormatter()
    let date = formatter.date(from: text) ?? plain.date(from: text)
    return date.map { WallTime(milliseconds: Int64($0.timeIntervalSince1970 * 1000)) }
  }
}
