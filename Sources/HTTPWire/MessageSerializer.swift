package import HTTPModel
internal import Primitives

/// Messages as bytes (RFC 9112 §3, §4, §5, §7.1), appended to a buffer of the caller.
///
/// What is written is checked once more on the way out: a name that is not a token, or a value or
/// target with a control byte, throws `unsendable-message` and leaves the buffer as it was, so no
/// mistake elsewhere in the program can put a line of a peer's making into a message. Every message
/// is sent as HTTP/1.1, whatever version it came in (RFC 9112 §2.3).
package enum MessageSerializer {
  // MARK: Heads

  /// The whole head of a request, in the form an origin is sent (`forwardTarget`).
  package static func append(_ head: RequestHead, to output: inout [UInt8])
    throws(ProtocolViolation)
  {
    let start = output.count
    do throws(ProtocolViolation) {
      try appendRequestLine(head.method, target: forwardTarget(of: head), to: &output)
      try append(head.fields, to: &output)
      appendEndOfHead(to: &output)
    } catch {
      output.removeSubrange(start...)
      throw error
    }
  }

  /// The whole head of a response. The reason phrase is its own, or the customary one where it has
  /// none.
  package static func append(_ head: ResponseHead, to output: inout [UInt8])
    throws(ProtocolViolation)
  {
    let start = output.count
    do throws(ProtocolViolation) {
      try appendStatusLine(head.status, reason: head.reason, to: &output)
      try append(head.fields, to: &output)
      appendEndOfHead(to: &output)
    } catch {
      output.removeSubrange(start...)
      throw error
    }
  }

  /// The target to send to an origin: origin form, `*` for OPTIONS of a whole server, also where it
  /// came as an absolute form (RFC 9112 §3.2.1, §3.2.4). CONNECT keeps its authority.
  package static func forwardTarget(of head: RequestHead) -> ArraySlice<UInt8> {
    guard head.targetForm == .absolute else { return head.target[...] }
    let authorityEnd = head.target.firstIndex(of: ASCII.slash).map { $0 + 2 } ?? 0
    let rest = head.target.dropFirst(authorityEnd)
    let pathOrQuery = rest.firstIndex { $0 == ASCII.slash || $0 == ASCII.questionMark }
    guard let pathOrQuery else { return head.method == .options ? [0x2A] : [ASCII.slash] }
    let tail = rest[pathOrQuery...]
    return tail.first == ASCII.slash ? tail : [ASCII.slash] + tail
  }

  package static func appendRequestLine(
    _ method: Method, target: some Collection<UInt8>, to output: inout [UInt8]
  ) throws(ProtocolViolation) {
    let start = output.count
    output.append(contentsOf: method.bytes)
    let methodIsToken = output[start...].allSatisfy(ASCII.isTokenCharacter)
    guard methodIsToken, output.count > start else { throw unsendable(&output, backTo: start) }
    output.append(ASCII.space)
    let targetStart = output.count
    output.append(contentsOf: target)
    let end = output.count
    let targetIsVisible = output.span.isVisibleASCII(from: targetStart, to: end)
    guard targetIsVisible, end > targetStart else { throw unsendable(&output, backTo: start) }
    output.append(ascii: " HTTP/1.1\r\n")
  }

  package static func appendStatusLine(
    _ status: Status, reason: [UInt8] = [], to output: inout [UInt8]
  ) throws(ProtocolViolation) {
    let start = output.count
    output.append(ascii: "HTTP/1.1 ")
    output.append(decimal: UInt64(status.code))
    output.append(ASCII.space)
    if reason.isEmpty {
      output.append(ascii: status.reasonPhrase)
    } else {
      output.append(contentsOf: reason)
    }
    guard (100...999).contains(status.code), holdsNoControl(output, from: start) else {
      throw unsendable(&output, backTo: start)
    }
    appendLineEnd(to: &output)
  }

  /// The field lines, each with its CR LF, without the empty line that ends a head.
  package static func append(_ fields: FieldSection, to output: inout [UInt8])
    throws(ProtocolViolation)
  {
    let source = fields.storage.span
    var size = 0
    for line in fields.lines {
      guard isSendable(line, of: source) else { throw ProtocolViolation(.unsendableMessage) }
      size &+= Int(line.nameLength) &+ Int(line.valueLength) &+ lineOverhead
    }
    // All lines are checked by now: they are written in one go, past the array's own checks.
    output.append(addingCapacity: size) { room in
      for line in fields.lines {
        room.append(copying: source.extracting(line.nameRange))
        room.append(ASCII.colon)
        room.append(ASCII.space)
        room.append(copying: source.extracting(line.valueRange))
        room.append(ASCII.carriageReturn)
        room.append(ASCII.lineFeed)
      }
    }
  }

  /// Colon, space, CR and LF.
  private static let lineOverhead = 4

  /// Whether the line lies inside its section, its name is a token and its value has no control
  /// byte but tabs.
  private static func isSendable(_ line: FieldLine, of source: Span<UInt8>) -> Bool {
    let name = line.nameRange
    let value = line.valueRange
    guard !name.isEmpty, name.upperBound <= source.count, value.upperBound <= source.count else {
      return false
    }
    if line.known == nil {
      for index in name where !ASCII.isTokenCharacter(source[index]) { return false }
    }
    var found = source.firstControlByte(from: value.lowerBound, to: value.upperBound)
    while found < value.upperBound, source[found] == ASCII.horizontalTab {
      found = source.firstControlByte(from: found &+ 1, to: value.upperBound)
    }
    return found == value.upperBound
  }

  /// The empty line that ends a head.
  package static func appendEndOfHead(to output: inout [UInt8]) { appendLineEnd(to: &output) }

  // MARK: Chunks

  /// The line before the data of a chunk. `byteCount` is more than 0: a chunk of 0 would be the
  /// last.
  package static func appendChunkHeader(byteCount: Int, to output: inout [UInt8]) {
    precondition(byteCount > 0, "a chunk without data would end the content")
    var shift = (63 - byteCount.leadingZeroBitCount) / 4 * 4
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: byteCount >> shift & 0xF)
      output.append(digit < 10 ? ASCII.zero + digit : 0x61 + digit - 10)
      shift -= 4
    }
    appendLineEnd(to: &output)
  }

  /// The line end after the data of a chunk.
  package static func appendChunkEnd(to output: inout [UInt8]) { appendLineEnd(to: &output) }

  /// The last chunk without trailers.
  package static func appendLastChunk(to output: inout [UInt8]) {
    output.append(ascii: "0\r\n\r\n")
  }

  /// The last chunk and its trailer section. Throws also for a field that may not be a trailer.
  package static func appendLastChunk(trailers: FieldSection, to output: inout [UInt8])
    throws(ProtocolViolation)
  {
    try TrailerFields.check(trailers)
    let start = output.count
    output.append(ascii: "0\r\n")
    do throws(ProtocolViolation) {
      try append(trailers, to: &output)
    } catch {
      output.removeSubrange(start...)
      throw error
    }
    appendLineEnd(to: &output)
  }

  // MARK: Parts

  private static func appendLineEnd(to output: inout [UInt8]) {
    output.append(ASCII.carriageReturn)
    output.append(ASCII.lineFeed)
  }

  private static func holdsNoControl(_ output: [UInt8], from start: Int) -> Bool {
    let bytes = output.span
    var found = bytes.firstControlByte(from: start, to: bytes.count)
    while found < bytes.count, bytes[found] == ASCII.horizontalTab {
      found = bytes.firstControlByte(from: found &+ 1, to: bytes.count)
    }
    return found == bytes.count
  }

  private static func unsendable(_ output: inout [UInt8], backTo start: Int) -> ProtocolViolation {
    output.removeSubrange(start...)
    return ProtocolViolation(.unsendableMessage)
  }
}

extension OutputSpan<UInt8> {
  /// Appends the bytes in one copy; they must fit.
  fileprivate mutating func append(copying bytes: Span<UInt8>) {
    precondition(bytes.count <= freeCapacity, "the room was counted before")
    guard !bytes.isEmpty else { return }
    unsafe bytes.withUnsafeBufferPointer { source in
      unsafe withUnsafeMutableBufferPointer { room, count in
        let place = unsafe UnsafeMutableBufferPointer(rebasing: room[count..<count + source.count])
        _ = unsafe place.update(fromContentsOf: source)
        count += source.count
      }
    }
  }
}
