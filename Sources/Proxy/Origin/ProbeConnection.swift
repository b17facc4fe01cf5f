internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

/// One health probe under way: connects, asks, reads the head of the answer, closes.
///
///     connecting ──▶ asking ──▶ over
///
/// It is held to the same rules as every other message of an origin: what would be refused for an
/// exchange is no good answer. Belongs to one loop; not `Sendable`.
final class ProbeConnection: StreamHandler {
  /// How many interim responses may come before the answer.
  private static let maximumInterimResponses = 8

  private enum Phase {
    case connecting
    case asking
    case over
  }

  private weak var prober: OriginProber?
  private let limits: WireLimits
  private let request: [UInt8]
  private var stream: ByteStream?
  private var phase = Phase.connecting
  private var scanner = HeadScanner(.response)
  private var inbound: [UInt8] = []
  private var interimResponses = 0

  /// - Parameter request: The bytes of a GET.
  init(_ request: [UInt8], for prober: OriginProber, limits: WireLimits) {
    self.request = request
    self.prober = prober
    self.limits = limits
    super.init()
  }

  /// The prober has started to connect.
  func opens(on stream: ByteStream) { self.stream = stream }

  /// Nobody waits for the answer any more.
  func abandon() {
    guard phase != .over else { return }
    phase = .over
    stream?.abort()
  }

  override func streamOpened() {
    guard phase == .connecting else { return }
    phase = .asking
    stream?.write(request)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    guard phase == .asking else { return }
    unsafe inbound.append(contentsOf: bytes)
    do throws(ProtocolViolation) {
      while let head = try nextHead() {
        guard head.status.isInformational, head.status != .switchingProtocols else {
          return answered(head.status.isSuccessful ? nil : .unexpectedStatus)
        }
        interimResponses += 1
        guard interimResponses <= Self.maximumInterimResponses else {
          return answered(.protocolViolation)
        }
      }
    } catch {
      answered(.protocolViolation)
    }
  }

  private func nextHead() throws(ProtocolViolation) -> ResponseHead? {
    let kept = inbound
    let bytes = kept.span
    guard let count = try scanner.scan(bytes, limits: limits) else { return nil }
    let head = try ResponseHeadParser.parse(bytes.extracting(0..<count), limits: limits)
    _ = try responseFraming(of: head, toMethod: .get)
    scanner.reset()
    inbound.removeFirst(count)
    return head
  }

  override func receivedEnd(clean: Bool) { if phase == .asking { answered(.closed) } }

  override func closed(_ failure: StreamFailure?) {
    stream = nil
    switch phase {
    case .connecting: end(.notConnected)
    case .asking: end(.closed)
    case .over: break
    }
  }

  /// The answer is known. What may follow of it is read and thrown away, so that the origin sees an
  /// orderly end.
  private func answered(_ failure: ProbeFailure?) {
    end(failure)
    stream?.closeAfterFlush(lingering: true)
  }

  private func end(_ failure: ProbeFailure?) {
    phase = .over
    inbound = []
    prober?.ended(self, failure)
  }
}
