internal import CachePolicy
internal import Cryptography
internal import EventLoop
internal import HTTPModel
internal import HTTPWire
internal import JOSE
internal import Primitives
internal import Transport

/// What came of a fetch of keys.
enum KeyFetchResult {
  /// A set that can be read, and for how long its server says it is fresh.
  case keys(JWKSet, freshFor: Milliseconds?)
  /// The end of a sentence.
  case failed(String)
}

/// One fetch of a key set: connects, asks, reads the answer whole, closes.
///
///     connecting ──▶ head ──▶ content ──▶ over
///
/// Belongs to one loop; not `Sendable`.
final class KeyFetch: StreamHandler {
  private enum Phase {
    case connecting
    case head
    case content
    case over
  }

  let number: UInt64
  private weak var source: KeySource?
  private let limits: WireLimits
  private let rsaAlgorithm: SignatureAlgorithm
  private let request: [UInt8]
  private var stream: ByteStream?
  private var phase = Phase.connecting
  private var reader = FinalHeadReader()
  private var inbound: [UInt8] = []
  private var decoder = BodyDecoder(.none)
  private var freshFor: Milliseconds?
  private var content: [UInt8] = []

  /// - Parameters:
  ///   - request: The bytes of a GET.
  ///   - rsaAlgorithm: What RSA keys sign with that do not say it themselves.
  init(
    _ request: [UInt8], number: UInt64, for source: KeySource, limits: WireLimits,
    rsaAlgorithm: SignatureAlgorithm
  ) {
    self.request = request
    self.number = number
    self.source = source
    self.limits = limits
    self.rsaAlgorithm = rsaAlgorithm
    super.init()
  }

  /// The source has started to connect.
  func opens(on stream: ByteStream) { self.stream = stream }

  /// Nobody waits for the answer any more.
  func abandon() {
    guard phase != .over else { return }
    phase = .over
    stream?.abort()
  }

  override func streamOpened() {
    guard phase == .connecting else { return }
    phase = .head
    stream?.write(request)
  }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    guard phase == .head || phase == .content else { return }
    do throws(ProtocolViolation) {
      if phase == .content {
        unsafe inbound.append(contentsOf: bytes)
      } else {
        switch unsafe try reader.take(bytes, limits: limits) {
        case .needsMore: return
        case .head(let head, let framing): begin(head, framing: framing)
        case .flood: end(.failed("the answer does not begin"))
        }
      }
      if phase == .content { try readContent() }
    } catch {
      end(.failed("the answer breaks HTTP (\(error.code.rawValue))"))
    }
  }

  private func begin(_ head: ResponseHead, framing: BodyFraming) {
    guard head.status == .ok else {
      return end(.failed("the answer has status \(head.status.code)"))
    }
    guard !head.fields.contains(.contentEncoding) else {
      return end(.failed("the answer has a content coding"))
    }
    freshFor = ResponseDirectives(head.fields).maxAge?.milliseconds
    decoder = BodyDecoder(framing, limits: limits)
    inbound = reader.rest
    reader = FinalHeadReader()
    phase = .content
  }

  private func readContent() throws(ProtocolViolation) {
    let kept = inbound
    var offset = 0
    while true {
      switch try decoder.next(in: kept.span, from: offset) {
      case .data(let range):
        content += kept[range]
        offset = range.upperBound
        guard content.count <= JOSELimits.maximumKeySetBytes else {
          return end(.failed("the answer is longer than any key set"))
        }
      case .needsMore:
        inbound = []
        return
      case .end: return complete()
      }
    }
  }

  private func complete() {
    let text = content
    do throws(JWKSetRefusal) {
      let set = try JWKSet(parsing: text.span, from: .published, rsaAlgorithm: rsaAlgorithm)
      end(.keys(set, freshFor: freshFor))
    } catch {
      end(.failed("the answer is no key set (\(error.rawValue))"))
    }
  }

  override func receivedEnd(clean: Bool) {
    guard phase == .content, clean else { return end(.failed("the connection was closed")) }
    do throws(ProtocolViolation) {
      try decoder.peerClosed()
      complete()
    } catch {
      end(.failed("the answer was cut short"))
    }
  }

  override func closed(_ failure: StreamFailure?) {
    stream = nil
    end(.failed(phase == .connecting ? "the server cannot be reached" : "the connection broke"))
  }

  private func end(_ result: KeyFetchResult) {
    guard phase != .over else { return }
    phase = .over
    inbound = []
    content = []
    stream?.closeAfterFlush(lingering: true)
    source?.ended(self, result)
  }
}
