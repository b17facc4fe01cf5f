internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// Writing: from responses to bytes.
extension ClientConnection {
  /// Sends up to three pieces, one after the other, and counts them.
  func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = unsafe ByteStream.nothing,
    _ third: UnsafeRawBufferPointer = unsafe ByteStream.nothing
  ) {
    worker.counters.countSent(.client, first.count + second.count + third.count)
    unsafe stream.write(first, second, third)
  }

  /// Sends up to two pieces and then `bytes[range]`, which is not copied where it is long and has
  /// to wait; and counts them.
  func write(
    _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = unsafe ByteStream.nothing,
    shared bytes: [UInt8], _ range: Range<Int>
  ) {
    worker.counters.countSent(.client, first.count + second.count + range.count)
    unsafe stream.write(first, second, shared: bytes, range)
  }

  /// Decides, before a head goes out, what is said in it: that this is the last answer when the
  /// server stops, and when a client that waited for a 100 may send its content or not, so that
  /// nobody can tell what comes next (RFC 9110 §10.1.1).
  func settlePersistence() {
    if worker.isDraining || awaitsContinue { response.closeAfterResponse() }
  }

  /// Sends an interim response (RFC 9110 §15.2), where the client understands one.
  func sendInterim(_ head: ResponseHead) {
    guard response.takesInterimResponses, !isClosed else { return }
    if head.status.code == 100 { awaitsContinue = false }
    worker.withHeadBuffer { bytes in
      guard append(head, to: &bytes) else { return }
      unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }
  }

  /// Appends a head. A head that cannot be sent breaks the connection off: nobody may guess what
  /// was meant.
  private func append(_ head: ResponseHead, to bytes: inout [UInt8]) -> Bool {
    do throws(ProtocolViolation) {
      try MessageSerializer.append(head, to: &bytes)
      return true
    } catch {
      worker.log.unsendable(error)
      stream.abort()
      return false
    }
  }

  /// Sends the head of a response whose content follows.
  func sendHead(_ head: consuming ResponseHead, framing: BodyFraming) {
    guard !isClosed else { return }
    var head = head
    settlePersistence()
    response.begin(&head.fields, status: head.status, framing: framing)
    worker.withHeadBuffer { bytes in
      guard append(head, to: &bytes) else { return }
      unsafe bytes.withUnsafeBytes { unsafe write($0) }
    }
    extendForWriting()
  }

  /// Sends a response whole.
  ///
  /// Who makes a response says when (RFC 9110 §6.6.1).
  func send(_ answer: LocalAnswer) {
    var head = answer.head
    if !head.fields.contains(.date) {
      unsafe head.fields.append(.date, Array(worker.loop.dateBytes))
    }
    sendWhole(head, content: answer.content)
  }

  /// Sends a response whole: its head, and its content where it may have one.
  func sendWhole(_ head: consuming ResponseHead, content: [UInt8]) {
    guard !isClosed else { return }
    var head = head
    if response.isHeadMethod, !head.fields.contains(.contentLength) {
      var digits: [UInt8] = []
      digits.append(decimal: UInt64(content.count))
      head.fields.append(.contentLength, digits)
    }
    settlePersistence()
    response.begin(&head.fields, status: head.status, framing: .length(Int64(content.count)))
    let hasContent = response.content(content.count) == .plain
    response.sentWhole()
    worker.withHeadBuffer { bytes in
      guard append(head, to: &bytes) else { return }
      if hasContent, content.count <= 4096 {
        bytes.append(contentsOf: content)
        unsafe bytes.withUnsafeBytes { unsafe write($0) }
      } else {
        unsafe bytes.withUnsafeBytes { unsafe write($0) }
        if hasContent {
          unsafe write(ByteStream.nothing, shared: content, 0..<content.count)
        }
      }
    }
    extendForWriting()
  }

  /// Sends a piece of content. Whether it fitted into what was announced.
  func sendContent(_ piece: UnsafeRawBufferPointer) -> Bool {
    guard !isClosed else { return true }
    guard piece.count > 0 else { return true }
    switch response.content(piece.count) {
    case .plain: unsafe write(piece)
    case .dropped: break
    case .tooMuch: return false
    case .chunk:
      worker.withHeadBuffer { bytes in
        MessageSerializer.appendChunkHeader(byteCount: piece.count, to: &bytes)
        let end: [UInt8] = [ASCII.carriageReturn, ASCII.lineFeed]
        unsafe bytes.withUnsafeBytes { first in
          unsafe end.withUnsafeBytes { last in unsafe write(first, piece, last) }
        }
      }
    }
    return true
  }

  /// Ends the content. Whether the response is complete; if not, the connection must be broken off.
  func sendEnd(trailers: FieldSection) -> Bool {
    guard !isClosed else { return true }
    switch response.end() {
    case nil: return false
    case .nothing: return true
    case .lastChunk:
      var isSent = false
      worker.withHeadBuffer { bytes in
        // Trailers that may not be sent are left out: they are no part of the content.
        if (try? MessageSerializer.appendLastChunk(trailers: trailers, to: &bytes)) == nil {
          MessageSerializer.appendLastChunk(to: &bytes)
        }
        unsafe bytes.withUnsafeBytes { unsafe write($0) }
        isSent = true
      }
      return isSent
    }
  }

  /// Breaks off a response that cannot be completed: the client must not take it for a whole one.
  func breakOff() {
    exchange = nil
    stream.abort()
  }
}
