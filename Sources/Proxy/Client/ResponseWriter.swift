internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// The state of the response on a client's connection: how it is framed, how much may still be
/// sent.
///
/// A machine: it makes bytes and sends none.
struct ResponseWriter {
  private enum State: Equatable {
    case notStarted
    case empty
    case length(remaining: Int64)
    case chunked
    case untilClose
    case complete
  }

  /// What became of content that was to be sent.
  enum Content: Equatable {
    /// Send as it is.
    case plain
    /// Send between a chunk's header and its CR LF.
    case chunk
    /// There is no content in this response (HEAD, 304): send nothing.
    case dropped
    /// More than was announced: the response is broken.
    case tooMuch
  }

  private var state = State.notStarted
  private let method: Method
  private let version: HTTPVersion
  /// Whether the connection stays open after this response.
  private(set) var keepsAlive: Bool

  init(method: Method = .get, version: HTTPVersion = .http11, keepsAlive: Bool = false) {
    self.method = method
    self.version = version
    self.keepsAlive = keepsAlive
  }

  var isStarted: Bool { state != .notStarted }
  var isComplete: Bool { state == .complete }

  /// Whether the client understands interim responses (RFC 9110 §15.2: not in HTTP/1.0).
  var takesInterimResponses: Bool { version == .http11 && state == .notStarted }

  var isHeadMethod: Bool { method == .head }
  /// Whether the client speaks HTTP/1.0, which keeps a connection only where that is said.
  var isOldVersion: Bool { version == .http10 }

  /// An answer from the store is sent whole, by itself.
  mutating func sendsStored() { state = .complete }

  /// No request comes after this one.
  mutating func closeAfterResponse() { keepsAlive = false }

  /// Decides the framing of a response and sets the fields that tell it (RFC 9112 §6).
  ///
  /// - Parameter framing: The framing of what comes from the origin, or of what this program sends.
  mutating func begin(_ fields: inout FieldSection, status: Status, framing: BodyFraming) {
    fields.removeAll(.transferEncoding)
    fields.removeAll(.connection)
    let announced = fields.first(.contentLength).map { Array($0) }
    fields.removeAll(.contentLength)
    if status == .noContent || status.isInformational {
      state = .empty
    } else if method == .head || status == .notModified {
      // The length the content would have had may be told (RFC 9110 §8.6).
      if let announced { fields.append(.contentLength, announced) }
      state = .empty
    } else {
      beginContent(&fields, framing: framing)
    }
    if !keepsAlive {
      fields.append(.connection, "close")
    } else if version == .http10 {
      fields.append(.connection, "keep-alive")
    }
  }

  private mutating func beginContent(_ fields: inout FieldSection, framing: BodyFraming) {
    switch framing {
    case .none: setLength(0, in: &fields)
    case .length(let count): setLength(count, in: &fields)
    case .chunked, .untilClose:
      if version == .http11 {
        fields.append(.transferEncoding, "chunked")
        state = .chunked
      } else {
        keepsAlive = false
        state = .untilClose
      }
    }
  }

  private mutating func setLength(_ count: Int64, in fields: inout FieldSection) {
    var digits: [UInt8] = []
    digits.append(decimal: UInt64(max(count, 0)))
    fields.append(.contentLength, digits)
    state = .length(remaining: count)
  }

  /// A response that is sent whole, head and content in one: nothing may follow.
  mutating func sentWhole() { state = .complete }

  /// Accounts for content to be sent now.
  mutating func content(_ count: Int) -> Content {
    switch state {
    case .empty: return .dropped
    case .chunked: return .chunk
    case .untilClose: return .plain
    case .length(let remaining):
      guard Int64(count) <= remaining else { return .tooMuch }
      state = .length(remaining: remaining - Int64(count))
      return .plain
    case .notStarted, .complete: return .tooMuch
    }
  }

  /// What ends the content: whether a last chunk must be sent, or nil when less came than was
  /// announced.
  mutating func end() -> Ending? {
    defer { state = .complete }
    switch state {
    case .empty, .length(0): return .nothing
    case .chunked: return .lastChunk
    case .untilClose: return .nothing
    case .length, .notStarted, .complete: return nil
    }
  }

  enum Ending: Equatable { case nothing, lastChunk }
}
