internal import Configuration
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// Sending a response to the client, whoever made it.
extension Exchange {
  /// Sends the head of the response to the client; its content follows.
  ///
  /// Heads are handed over on the way of a response, not lent: each step changes the one head there
  /// is, where it would change a copy otherwise.
  func deliver(_ head: consuming ResponseHead, framing: BodyFraming) {
    var head = head
    if !route.isAudit { head.fields.apply(route.settings.responseFields) }
    record.status = head.status
    client?.sendHead(consume head, framing: framing)
  }

  /// Sends content of the response, as fast as the client takes it.
  func deliver(content piece: UnsafeRawBufferPointer) {
    record.bytesSent += Int64(piece.count)
    guard let client else { return }
    guard unsafe client.sendContent(piece) else { return fail(.originMalformed) }
    if client.stream.isSaturated { clientSaturated(client) }
  }

  func deliverEnd(trailers: FieldSection) {
    guard client?.sendEnd(trailers: trailers) != false else { return fail(.originClosed) }
    finish()
  }

  /// Sends a response that is held whole.
  func deliverWhole(_ head: consuming ResponseHead, content: [UInt8]) {
    var head = head
    if !route.isAudit { head.fields.apply(route.settings.responseFields) }
    record.status = head.status
    record.bytesSent = Int64(content.count)
    client?.sendWhole(consume head, content: content)
    finish()
  }

  /// Sends what this program says itself; RFC 9110 §6.6.1 wants its date.
  func deliverWhole(_ answer: LocalAnswer) {
    var head = answer.head
    if !head.fields.contains(.date) {
      unsafe head.fields.append(.date, Span(_unsafeBytes: worker.loop.dateBytes))
    }
    deliverWhole(head, content: answer.content)
  }
}
