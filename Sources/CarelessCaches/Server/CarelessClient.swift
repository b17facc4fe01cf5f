internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

/// A client's connection: one exchange after the other.
///
///     reading ──▶ asking ──▶ reading …
///
/// Belongs to one loop; not `Sendable`.
final class CarelessClient: StreamHandler {
  /// So long may a connection say nothing while it is its turn.
  private static let patience = Milliseconds(75_000)

  private weak var server: CarelessServer?
  private var stream: ByteStream?
  private var reader: WholeRequestReader
  /// The method of the request that is not answered yet.
  private var asking: Method?
  private var persistence = ConnectionPersistence.keepAlive
  private var isTaking = false
  private var hasEnded = false

  init(_ stream: ByteStream, of server: CarelessServer, limit: Int) {
    self.stream = stream
    self.server = server
    reader = WholeRequestReader(limit: limit)
    super.init(on: server.loop.timers)
    arm(after: Self.patience)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    unsafe reader.add(bytes)
    // What comes before its turn waits in the kernel, but for one buffer.
    if asking != nil { return stream?.pauseReading() ?? () }
    take()
  }

  override func receivedEnd(clean: Bool) {
    hasEnded = true
    if asking == nil { stream?.closeAfterFlush() }
  }

  override func closed(_ failure: StreamFailure?) {
    stream = nil
    disarm()
  }

  /// It has said nothing for too long.
  override func fired() { if asking == nil { stream?.closeAfterFlush() } }

  /// Takes the requests that are there, as long as each is answered at once.
  private func take() {
    guard !isTaking else { return }
    isTaking = true
    defer { isTaking = false }
    do throws(ReadingFailure) {
      while asking == nil, stream != nil, let arrival = try reader.next() {
        disarm()
        asking = arrival.request.head.method
        persistence = arrival.persistence
        server?.arrived(arrival.request, from: self)
      }
    } catch {
      return refuse(error)
    }
    if reader.takesContinue() { stream?.write([UInt8](ascii: "HTTP/1.1 100 Continue\r\n\r\n")) }
  }

  /// Gives the answer to the request that is under way.
  func answer(_ answer: WholeAnswer) {
    guard let method = asking else { return }
    asking = nil
    var head = answer.head
    let isLast = persistence == .close || hasEnded
    if isLast { head.fields.set(.connection, "close") }
    write(head, method == .head ? [] : answer.body)
    if isLast { return stream?.closeAfterFlush(lingering: true) ?? () }
    arm(after: Self.patience)
    stream?.resumeReading()
    take()
  }

  /// Tells that the origin gave no answer.
  func fail() {
    answer(Self.sentence(.badGateway, "The origin gave no answer.\n"))
  }

  private func refuse(_ failure: ReadingFailure) {
    let answer: WholeAnswer
    switch failure {
    case .tooLarge:
      answer = Self.sentence(.contentTooLarge, "The content is larger than this cache holds.\n")
    case .violation(let violation):
      answer = Self.sentence(violation.status, "This is no request that a cache would pass on.\n")
    }
    var head = answer.head
    head.fields.set(.connection, "close")
    write(head, answer.body)
    stream?.closeAfterFlush(lingering: true)
  }

  private func write(_ head: ResponseHead, _ body: [UInt8]) {
    var bytes: [UInt8] = []
    do throws(ProtocolViolation) {
      try MessageSerializer.append(head, to: &bytes)
    } catch {
      stream?.abort()
      return
    }
    stream?.write(bytes)
    if !body.isEmpty { stream?.write(body) }
  }

  private static func sentence(_ status: Status, _ text: StaticString) -> WholeAnswer {
    var fields = FieldSection()
    fields.append(.cacheControl, "no-store")
    fields.append(.contentType, "text/plain")
    let body = [UInt8](ascii: text)
    var length: [UInt8] = []
    length.append(decimal: UInt64(body.count))
    fields.append(.contentLength, length)
    return WholeAnswer(head: ResponseHead(status: status, fields: fields), body: body)
  }
}
