internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives

/// The content of a request to a `LocalResponder`, as far as it has come, and what is made of it.
struct LocalContent {
  let limit: Int
  let queue: SerialWorker
  let work: @Sendable ([UInt8]) -> LocalAnswer
  var bytes: [UInt8] = []
}

// Requests with content to local responders: read whole, up to a limit, then answered off the loop.
extension Worker {
  /// Reads the content of a request, then has it answered.
  func awaitContent(
    of incoming: IncomingRequest, upTo limit: Int, on client: ClientConnection,
    _ queue: SerialWorker, _ work: @escaping @Sendable ([UInt8]) -> LocalAnswer
  ) {
    guard incoming.framing != .none else { return answerLater(client, on: queue) { work([]) } }
    if case .length(let count) = incoming.framing, count > Int64(limit) {
      return refuseContent(of: client)
    }
    localContents[ObjectIdentifier(client)] = LocalContent(limit: limit, queue: queue, work: work)
    if incoming.expectsContinue { client.sendInterim(ResponseHead(status: Status(100))) }
  }

  /// More content came; nothing waits for it where the answer has been given.
  func localContent(_ piece: UnsafeRawBufferPointer, of client: ClientConnection) {
    let place = ObjectIdentifier(client)
    guard let content = localContents[place] else { return }
    guard content.bytes.count + piece.count <= content.limit else {
      localContents.removeValue(forKey: place)
      return refuseContent(of: client)
    }
    unsafe localContents[place]?.bytes.append(contentsOf: piece)
  }

  /// The content is complete.
  func localContentEnded(of client: ClientConnection) {
    guard let content = localContents.removeValue(forKey: ObjectIdentifier(client)) else { return }
    answerLater(client, on: content.queue) { content.work(content.bytes) }
  }

  private func refuseContent(of client: ClientConnection) {
    client.response.closeAfterResponse()
    var fields = FieldSection()
    fields.append(.contentType, "text/plain; charset=utf-8")
    fields.append(.cacheControl, "no-store")
    client.send(
      LocalAnswer(
        head: ResponseHead(status: Status(413), fields: fields),
        content: [UInt8](ascii: "The content of this request is too long.\n")))
    client.responseEnded()
  }
}
