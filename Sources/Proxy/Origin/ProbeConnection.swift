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
  private var reader = FinalHeadReader()

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
    do throws(ProtocolViolation) {
      switch unsafe try reader.take(bytes, limits: limits) {
      case .needsMore: break
      case .head(let head, _): answered(head.status.isSuccessful ? nil : .unexpectedStatus)
      case .flood: answered(.protocolViolation)
      }
    } catch {
      answered(.protocolViolation)
    }
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
    reader = FinalHeadReader()
    prober?.ended(self, failure)
  }
}
