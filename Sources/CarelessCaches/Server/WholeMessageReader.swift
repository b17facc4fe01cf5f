internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// Why a peer's message was not taken.
enum ReadingFailure: Error, Equatable {
  case violation(ProtocolViolation)
  /// Its content is larger than `CarelessLimits.body`.
  case tooLarge
}

/// Reads requests, each with all of its content, from the bytes of a connection.
struct WholeRequestReader: ~Copyable {
  /// A request as it came.
  struct Arrival {
    let request: WholeRequest
    let persistence: ConnectionPersistence
  }

  private var bytes: [UInt8] = []
  private var scanner = HeadScanner(.request)
  private var content: ContentReader
  private var head: RequestHead?
  /// Whether the client waits to be told that it may send its content; once read it is forgotten.
  private var asksToContinue = false

  init(limit: Int) { content = ContentReader(limit: limit) }

  mutating func add(_ more: UnsafeRawBufferPointer) {
    unsafe bytes.append(contentsOf: more)
  }

  /// Whether the client is to be told now that it may go on.
  mutating func takesContinue() -> Bool {
    defer { asksToContinue = false }
    return asksToContinue
  }

  /// The next request that is complete; nil when more must come.
  mutating func next() throws(ReadingFailure) -> Arrival? {
    do throws(ProtocolViolation) {
      if head == nil { try readHead() }
    } catch { throw .violation(error) }
    guard let head, let body = try content.next(in: &bytes) else { return nil }
    self.head = nil
    scanner.reset()
    asksToContinue = false
    return try arrival(head, body)
  }

  private mutating func readHead() throws(ProtocolViolation) {
    let all = bytes
    guard let count = try scanner.scan(all.span) else { return }
    let head = try RequestHeadParser.parse(all.span.extracting(0..<count))
    content.begin(try requestFraming(of: head))
    asksToContinue = try expectation(of: head) == .continue100
    bytes.removeFirst(count)
    self.head = head
  }

  private func arrival(_ head: RequestHead, _ body: [UInt8]) throws(ReadingFailure) -> Arrival {
    var clean = head
    let hasBody = head.fields.contains(.contentLength) || head.fields.contains(.transferEncoding)
    do throws(ProtocolViolation) {
      try removeHopByHopFields(from: &clean.fields)
    } catch { throw .violation(error) }
    clean.fields.removeAll(.expect)
    clean.fields.removeAll(.trailer)
    if hasBody {
      var length: [UInt8] = []
      length.append(decimal: UInt64(body.count))
      clean.fields.set(.contentLength, length)
    }
    return Arrival(
      request: WholeRequest(head: clean, body: body),
      persistence: connectionPersistence(version: head.version, fields: head.fields))
  }
}

/// Reads one answer with all of its content; interim answers are skipped.
struct WholeAnswerReader: ~Copyable {
  /// So many interim answers may come before the final one.
  private static let maximumInterim = 8

  private let method: Method
  private var bytes: [UInt8] = []
  private var scanner = HeadScanner(.response)
  private var content: ContentReader
  private var head: ResponseHead?
  private var interim = 0

  init(to method: Method, limit: Int) {
    self.method = method
    content = ContentReader(limit: limit)
  }

  mutating func add(_ more: UnsafeRawBufferPointer) {
    unsafe bytes.append(contentsOf: more)
  }

  /// The answer when it is complete; nil when more must come.
  mutating func next() throws(ReadingFailure) -> WholeAnswer? {
    do throws(ProtocolViolation) {
      while head == nil, try readHead() {}
    } catch { throw .violation(error) }
    guard let head, let body = try content.next(in: &bytes) else { return nil }
    return try answer(head, body)
  }

  /// The origin has closed its side: the answer, if that was its end.
  mutating func end() throws(ReadingFailure) -> WholeAnswer? {
    guard let head, let body = try content.end() else { return nil }
    return try answer(head, body)
  }

  /// Whether there was a head, be it an interim one.
  private mutating func readHead() throws(ProtocolViolation) -> Bool {
    let all = bytes
    guard let count = try scanner.scan(all.span) else { return false }
    let head = try ResponseHeadParser.parse(all.span.extracting(0..<count))
    bytes.removeFirst(count)
    scanner.reset()
    guard head.status.isInformational else {
      content.begin(try responseFraming(of: head, toMethod: method))
      self.head = head
      return true
    }
    interim += 1
    guard interim <= Self.maximumInterim, head.status != .switchingProtocols else {
      throw ProtocolViolation(.contentNotAllowed)
    }
    return true
  }

  private func answer(_ head: ResponseHead, _ body: [UInt8]) throws(ReadingFailure) -> WholeAnswer {
    var clean = head
    do throws(ProtocolViolation) {
      try removeHopByHopFields(from: &clean.fields)
    } catch { throw .violation(error) }
    clean.fields.removeAll(.trailer)
    let mayHaveBody = method != .head && head.status != .noContent && head.status != .notModified
    if mayHaveBody {
      var length: [UInt8] = []
      length.append(decimal: UInt64(body.count))
      clean.fields.set(.contentLength, length)
    }
    return WholeAnswer(head: clean, body: body)
  }
}

/// Gathers the content of one message after another.
private struct ContentReader: ~Copyable {
  private let limit: Int
  private var decoder = BodyDecoder(.none)
  private var body: [UInt8] = []

  init(limit: Int) { self.limit = limit }

  mutating func begin(_ framing: BodyFraming) {
    decoder = BodyDecoder(framing)
    body = []
  }

  /// The whole content, taken out of `bytes`; nil when more must come.
  mutating func next(in bytes: inout [UInt8]) throws(ReadingFailure) -> [UInt8]? {
    let all = bytes
    var offset = 0
    while true {
      switch try event(all.span, offset) {
      case .data(let range):
        guard range.count <= limit - body.count else { throw .tooLarge }
        body.append(contentsOf: all[range])
        offset = range.upperBound
      case .needsMore:
        bytes.removeAll(keepingCapacity: true)
        return nil
      case .end(let next):
        bytes.removeFirst(next)
        return body
      }
    }
  }

  /// The whole content, if the end of the connection is its end.
  mutating func end() throws(ReadingFailure) -> [UInt8]? {
    do throws(ProtocolViolation) {
      try decoder.peerClosed()
    } catch { throw .violation(error) }
    return body
  }

  private mutating func event(_ bytes: Span<UInt8>, _ offset: Int) throws(ReadingFailure)
    -> BodyEvent
  {
    do throws(ProtocolViolation) {
      return try decoder.next(in: bytes, from: offset)
    } catch { throw .violation(error) }
  }
}
