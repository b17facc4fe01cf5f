package import HTTPModel
package import Primitives

/// The head of a stored response as bytes ready to write.
///
///     HTTP/1.1 200 OK␍␊
///     Content-Type: application/json␍␊
///     Date: Sun, 06 Nov 1994 08:49:37 GMT␍␊
///     [Content-Length: 1024␍␊]                added when the content is complete
///     ╰─ written after it: Age, Cache-Status, Connection, the empty line
///
/// What it leaves out (RFC 9111 §3.1): fields for one connection and those `Connection` names,
/// `Proxy-*`, fields named by `no-cache` and `private`, trailers, `Age`, and the proofs of
/// verdicts.
package struct StoredHead: Sendable, Equatable {
  /// Where the validators' values stand in the bytes; empty ranges where there are none.
  package struct ValidatorRanges: Sendable, Equatable {
    package var entityTag = 0..<0
    package var lastModified = 0..<0
  }

  package private(set) var bytes: [UInt8] = []
  package private(set) var validators = ValidatorRanges()

  /// Serialises a head. `names`, in lowercase, are left out; a missing `Date` is supplied (RFC 9110
  /// §6.6.1).
  package init(of response: ResponseHead, dropping names: [[UInt8]], receivedAt: WallTime) {
    bytes.reserveCapacity(response.fields.storage.count + response.fields.count * 4 + 96)
    appendStatusLine(response)
    let fields = response.fields
    let dropped = names + Self.connectionOptions(fields)
    for line in fields.lines {
      let name = fields.name(of: line)
      guard !Self.isNeverStored(line.known, name: name),
        dropped.isEmpty || !dropped.contains(where: { name.equalsIgnoringASCIICase($0) })
      else { continue }
      appendLine(name: name, value: fields.value(of: line), known: line.known)
    }
    if !fields.contains(.date) {
      appendLine(
        name: [UInt8](ascii: "Date")[...], value: HTTPDate.format(receivedAt)[...], known: .date)
    }
    keepOnlyUsableValidators(fields)
  }

  private mutating func appendStatusLine(_ response: ResponseHead) {
    bytes.append(ascii: "HTTP/1.1 ")
    bytes.append(decimal: UInt64(response.status.code))
    bytes.append(ASCII.space)
    if response.reason.isEmpty {
      bytes.append(ascii: response.status.reasonPhrase)
    } else {
      bytes.append(contentsOf: response.reason)
    }
    appendLineEnd()
  }

  private mutating func appendLineEnd() {
    bytes.append(ASCII.carriageReturn)
    bytes.append(ASCII.lineFeed)
  }

  private mutating func appendLine(
    name: ArraySlice<UInt8>, value: ArraySlice<UInt8>, known: KnownField?
  ) {
    bytes.append(contentsOf: name)
    bytes.append(ASCII.colon)
    bytes.append(ASCII.space)
    let start = bytes.count
    bytes.append(contentsOf: value)
    if known == .etag { validators.entityTag = start..<bytes.count }
    if known == .lastModified { validators.lastModified = start..<bytes.count }
    appendLineEnd()
  }

  /// A validator that is repeated or not well formed is passed on, and never used by the cache
  /// itself.
  private mutating func keepOnlyUsableValidators(_ fields: FieldSection) {
    let tag = fields.only(.etag).flatMap { EntityTag($0) }
    if tag == nil || validators.entityTag.count > UInt16.max { validators.entityTag = 0..<0 }
    let date = fields.only(.lastModified).flatMap {
      HTTPDate.parse($0, now: WallTime(milliseconds: 0))
    }
    if date == nil { validators.lastModified = 0..<0 }
  }

  // MARK: What is never stored

  /// Lowercase names that `Connection` lists.
  private static func connectionOptions(_ fields: FieldSection) -> [[UInt8]] {
    guard fields.contains(.connection) else { return [] }
    return fields.listMembers(of: .connection).map { $0.asciiLowercased() }
  }

  private static func isNeverStored(_ known: KnownField?, name: ArraySlice<UInt8>) -> Bool {
    switch known {
    case .connection, .keepAlive, .te, .trailer, .transferEncoding, .upgrade: true
    case .age, .contentLength: true
    case .transactionToken, .verdictToken: true
    case .proxyStatus: false
    default: name.count > 6 && name.prefix(6).equalsIgnoringASCIICase("proxy-")
    }
  }

  // MARK: Reading it back

  /// The field lines of serialised head bytes. For rare work: freshening, other protocol versions.
  package static func fields(of head: ArraySlice<UInt8>) -> FieldSection {
    var fields = FieldSection()
    fields.reserveCapacity(bytes: head.count, lines: 16)
    forEachLine(of: head) { line in
      guard let colon = line.firstIndex(of: ASCII.colon) else { return }
      fields.append(
        name: line[..<colon], value: line[(colon + 1)...].trimmingOptionalWhitespace())
    }
    return fields
  }

  /// The reason phrase of serialised head bytes.
  static func reason(of head: ArraySlice<UInt8>) -> [UInt8] {
    let line = head.prefix { $0 != ASCII.carriageReturn }
    return Array(line.dropFirst(13))
  }

  /// Appends a 304's head, without the empty line, for a stored head: all but what describes the
  /// content that is not sent (RFC 9110 §15.4.5).
  package static func appendNotModified(of head: ArraySlice<UInt8>, to output: inout [UInt8]) {
    output.append(ascii: "HTTP/1.1 304 Not Modified\r\n")
    var hasTag = false
    forEachLine(of: head) { line in
      if line.prefix(5).equalsIgnoringASCIICase("etag:") { hasTag = true }
    }
    forEachLine(of: head) { line in
      let name = line.prefix { $0 != ASCII.colon }
      guard !isContentDescription(KnownField(name: name), hasTag: hasTag) else { return }
      output.append(contentsOf: line)
      output.append(ascii: "\r\n")
    }
  }

  private static func isContentDescription(_ field: KnownField?, hasTag: Bool) -> Bool {
    switch field {
    case .contentLength, .contentType, .contentEncoding, .contentLanguage, .contentRange: true
    case .contentDisposition, .contentDigest, .reprDigest: true
    case .lastModified: hasTag
    default: false
    }
  }

  static func forEachLine(
    of head: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Void
  ) {
    var rest = head
    var isStatusLine = true
    while let end = rest.firstIndex(of: ASCII.lineFeed) {
      let line = rest[rest.startIndex..<end]
      if !isStatusLine { body(line.last == ASCII.carriageReturn ? line.dropLast() : line) }
      isStatusLine = false
      rest = rest[(end + 1)...]
    }
  }
}
