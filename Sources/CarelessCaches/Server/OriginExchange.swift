internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives
internal import Transport

/// One question to the origin, on a connection of its own.
///
/// Belongs to one loop; not `Sendable`.
final class OriginExchange: StreamHandler {
  /// So long may an origin take, from connecting to the end of its answer.
  private static let patience = Milliseconds(60_000)

  private let number: CarelessMachine.ExchangeNumber
  private weak var server: CarelessServer?
  private var stream: ByteStream?
  private var reader: WholeAnswerReader
  private var isOver = false

  /// Starts to ask.
  init(
    _ number: CarelessMachine.ExchangeNumber, _ request: WholeRequest, at address: SocketAddress,
    for server: CarelessServer, limit: Int
  ) {
    self.number = number
    self.server = server
    reader = WholeAnswerReader(to: request.head.method, limit: limit)
    super.init(on: server.loop.timers)
    arm(after: Self.patience)
    var head = request.head
    head.fields.set(.connection, "close")
    // HTTP/1.0 may leave it out; what goes out is HTTP/1.1.
    if !head.fields.contains(.host) { head.fields.append(.host, Array(address.description.utf8)) }
    var bytes: [UInt8] = []
    do throws(ProtocolViolation) {
      try MessageSerializer.append(head, to: &bytes)
    } catch {
      server.loop.soon { [self] in end(nil) }
      return
    }
    let stream = ByteStream.connect(to: address, on: server.loop, handler: self)
    stream.write(bytes)
    stream.write(request.body)
    self.stream = stream
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    guard !isOver else { return }
    unsafe reader.add(bytes)
    do throws(ReadingFailure) {
      if let answer = try reader.next() { end(answer) }
    } catch {
      end(nil)
    }
  }

  override func receivedEnd(clean: Bool) {
    guard !isOver else { return }
    let answer = try? reader.end()
    end(answer)
  }

  override func closed(_ failure: StreamFailure?) {
    stream = nil
    end(nil)
  }

  /// The origin took too long.
  override func fired() { end(nil) }

  private func end(_ answer: WholeAnswer?) {
    guard !isOver else { return }
    isOver = true
    disarm()
    stream?.closeAfterFlush()
    stream = nil
    server?.originEnded(number, answer)
  }
}
