package import HTTPModel

/// Why a peer's bytes were refused (RFC 9112, RFC 9110): a stable reason code, and where it was.
///
/// A violation ends the message and, since nobody can say where the next one begins, its
/// connection. From a client it is answered with `status`; from an origin it is a 502 and the
/// connection is never used again.
package struct ProtocolViolation: Error, Equatable, Sendable {
  package let code: Code
  /// Bytes from the start of the head to the place of the refusal; nil where no single place is to
  /// blame.
  package let offset: Int?
  /// The field concerned, where it is one this program knows.
  package let field: KnownField?

  package init(_ code: Code, at offset: Int? = nil, field: KnownField? = nil) {
    self.code = code
    self.offset = offset
    self.field = field
  }

  /// What a client is answered with. Without meaning for bytes from an origin: those are a 502.
  package var status: Status { Status(code.row.status) }

  /// One sentence for a log or a problem document. Never holds a byte the peer sent.
  package var message: String {
    var text = "\(code.row.sentence)"
    if let field { text += " Field: \(field.name)." }
    if let offset { text += " Offset: \(offset)." }
    return text
  }
}

extension ProtocolViolation: CustomStringConvertible {
  package var description: String { "\(code.rawValue): \(message)" }
}

extension ProtocolViolation {
  /// The reason codes. The raw value is the same in logs, counters and `Proxy-Status`; it never
  /// changes.
  package enum Code: String, CaseIterable, Sendable {
    // Lines.
    case bareLineFeed = "bare-line-feed"
    case bareCarriageReturn = "bare-carriage-return"
    case controlByte = "control-byte"
    case emptyStartLine = "empty-start-line"
    case incompleteHead = "incomplete-head"
    // Limits.
    case requestLineTooLong = "request-line-too-long"
    case statusLineTooLong = "status-line-too-long"
    case fieldLineTooLong = "field-line-too-long"
    case fieldNameTooLong = "field-name-too-long"
    case tooManyFieldLines = "too-many-field-lines"
    case headTooLarge = "head-too-large"
    case methodTooLong = "method-too-long"
    // Start lines.
    case malformedRequestLine = "malformed-request-line"
    case invalidMethod = "invalid-method"
    case malformedStatusLine = "malformed-status-line"
    case malformedVersion = "malformed-version"
    case unsupportedVersion = "unsupported-version"
    // Targets.
    case invalidTarget = "invalid-target"
    case fragmentInTarget = "fragment-in-target"
    case backslashInPath = "backslash-in-path"
    case brokenEscapeInPath = "broken-escape-in-path"
    case escapedControlInPath = "escaped-control-in-path"
    case unsupportedScheme = "unsupported-scheme"
    case userInformationInTarget = "user-information-in-target"
    case misplacedAsterisk = "misplaced-asterisk"
    case authorityFormExpected = "authority-form-expected"
    // Host.
    case missingHost = "missing-host"
    case repeatedHost = "repeated-host"
    case invalidHost = "invalid-host"
    case hostMismatch = "host-mismatch"
    // Field lines.
    case foldedLine = "folded-line"
    case missingColon = "missing-colon"
    case emptyFieldName = "empty-field-name"
    case spaceBeforeColon = "space-before-colon"
    case invalidFieldName = "invalid-field-name"
    case disguisedFieldName = "disguised-field-name"
    // Framing.
    case lengthAndCoding = "content-length-and-transfer-encoding"
    case repeatedContentLength = "repeated-content-length"
    case invalidContentLength = "invalid-content-length"
    case repeatedTransferEncoding = "repeated-transfer-encoding"
    case invalidTransferEncoding = "invalid-transfer-encoding"
    case unsupportedTransferCoding = "unsupported-transfer-coding"
    case codingInOldVersion = "transfer-encoding-in-http-1-0"
    case contentNotAllowed = "content-not-allowed"
    case truncatedContent = "truncated-content"
    // Chunks.
    case invalidChunkSize = "invalid-chunk-size"
    case chunkSizeTooLarge = "chunk-size-too-large"
    case invalidChunkExtension = "invalid-chunk-extension"
    case chunkLineTooLong = "chunk-line-too-long"
    case chunkExtensionsTooLarge = "chunk-extensions-too-large"
    case missingChunkEnd = "missing-chunk-end"
    case trailersTooLarge = "trailers-too-large"
    case tooManyTrailers = "too-many-trailers"
    case forbiddenTrailer = "forbidden-trailer"
    // Connection, Expect, Upgrade.
    case invalidConnectionOption = "invalid-connection-option"
    case protectedConnectionOption = "connection-names-end-to-end-field"
    case unknownExpectation = "unknown-expectation"
    case invalidUpgrade = "invalid-upgrade"
    // Our own side.
    case unsendableMessage = "unsendable-message"
  }

  /// One row of the table of reasons.
  struct Row {
    let status: UInt16
    let sentence: StaticString

    init(_ status: UInt16, _ sentence: StaticString) {
      self.status = status
      self.sentence = sentence
    }
  }
}

extension ProtocolViolation.Code {
  /// The answer and the sentence that go with this reason.
  var row: ProtocolViolation.Row {
    lineRow ?? targetRow ?? fieldRow ?? framingRow
      ?? .init(500, "The message cannot be sent: a part of it is not valid on the wire.")
  }

  private var lineRow: ProtocolViolation.Row? {
    switch self {
    case .bareLineFeed: .init(400, "A line ends in LF without CR.")
    case .bareCarriageReturn: .init(400, "A CR is not followed by LF.")
    case .controlByte: .init(400, "The head holds a control byte.")
    case .emptyStartLine: .init(400, "Empty lines stand where a start line must.")
    case .incompleteHead: .init(400, "The head does not end where its bytes end.")
    case .requestLineTooLong: .init(414, "The request line is longer than the limit.")
    case .statusLineTooLong: .init(400, "The status line is longer than the limit.")
    case .fieldLineTooLong: .init(431, "A field line is longer than the limit.")
    case .fieldNameTooLong: .init(431, "A field name is longer than the limit.")
    case .tooManyFieldLines: .init(431, "The head holds more field lines than the limit.")
    case .headTooLarge: .init(431, "The head is larger than the limit.")
    case .methodTooLong: .init(501, "The method is longer than the limit.")
    case .malformedRequestLine:
      .init(400, "The request line is not a method, a target and a version with one space between.")
    case .invalidMethod: .init(400, "The method is not a token.")
    case .malformedStatusLine:
      .init(400, "The status line is not a version, three digits and a reason.")
    case .malformedVersion: .init(400, "The version is not spelled HTTP, slash, digit, dot, digit.")
    case .unsupportedVersion: .init(505, "The version is neither HTTP/1.1 nor HTTP/1.0.")
    default: nil
    }
  }

  private var targetRow: ProtocolViolation.Row? {
    switch self {
    case .invalidTarget: .init(400, "The request target has none of the four forms.")
    case .fragmentInTarget: .init(400, "The request target holds a fragment.")
    case .backslashInPath: .init(400, "The path holds a backslash.")
    case .brokenEscapeInPath:
      .init(400, "The path holds a percent sign without two hexadecimal digits after it.")
    case .escapedControlInPath: .init(400, "The path holds an escaped control character.")
    case .unsupportedScheme: .init(400, "The scheme of the target is neither http nor https.")
    case .userInformationInTarget: .init(400, "The authority of the target holds user information.")
    case .misplacedAsterisk: .init(400, "The asterisk target is for OPTIONS only.")
    case .authorityFormExpected: .init(400, "The target of CONNECT is not a host and a port.")
    case .missingHost: .init(400, "The request has no Host field.")
    case .repeatedHost: .init(400, "The request has more than one Host field.")
    case .invalidHost: .init(400, "The authority is not a host with an optional port.")
    case .hostMismatch: .init(400, "The authority of the target is not that of the Host field.")
    default: nil
    }
  }

  private var fieldRow: ProtocolViolation.Row? {
    switch self {
    case .foldedLine: .init(400, "A field line begins with white space.")
    case .missingColon: .init(400, "A field line has no colon.")
    case .emptyFieldName: .init(400, "A field line has no name.")
    case .spaceBeforeColon: .init(400, "White space stands between a field name and its colon.")
    case .invalidFieldName: .init(400, "A field name is not a token.")
    case .disguisedFieldName:
      .init(400, "A field name spells a known field with underscores for hyphens.")
    case .invalidConnectionOption: .init(400, "A connection option is not a token.")
    case .protectedConnectionOption:
      .init(400, "The Connection field names a field that is meant for every recipient.")
    case .unknownExpectation: .init(417, "The expectation is not 100-continue.")
    case .invalidUpgrade: .init(400, "The Upgrade field is not a list of protocols.")
    default: nil
    }
  }

  private var framingRow: ProtocolViolation.Row? {
    switch self {
    case .lengthAndCoding:
      .init(400, "The message has both a Content-Length and a Transfer-Encoding.")
    case .repeatedContentLength: .init(400, "The message has more than one Content-Length.")
    case .invalidContentLength: .init(400, "The Content-Length is not one plain decimal number.")
    case .repeatedTransferEncoding: .init(400, "The message has more than one Transfer-Encoding.")
    case .invalidTransferEncoding:
      .init(400, "The last transfer coding is not chunked, or chunked is applied twice.")
    case .unsupportedTransferCoding: .init(501, "A transfer coding other than chunked is applied.")
    case .codingInOldVersion: .init(400, "A message of HTTP/1.0 has a Transfer-Encoding.")
    case .contentNotAllowed: .init(400, "The message announces content where there can be none.")
    case .truncatedContent: .init(400, "The connection closed before the end of the content.")
    case .invalidChunkSize: .init(400, "A chunk size is not 1 to 16 hexadecimal digits.")
    case .chunkSizeTooLarge: .init(400, "A chunk size is larger than any content can be.")
    case .invalidChunkExtension: .init(400, "A chunk extension is not a name with a value.")
    case .chunkLineTooLong: .init(400, "A chunk line is longer than the limit.")
    case .chunkExtensionsTooLarge: .init(400, "The chunk extensions are larger than the limit.")
    case .missingChunkEnd: .init(400, "The data of a chunk is not followed by CR LF.")
    case .trailersTooLarge: .init(431, "The trailer section is larger than the limit.")
    case .tooManyTrailers: .init(431, "The trailer section holds more lines than the limit.")
    case .forbiddenTrailer:
      .init(400, "The trailer section holds a field that may not stand there.")
    default: nil
    }
  }
}
