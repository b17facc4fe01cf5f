internal import CachePolicy
internal import HTTPModel

/// What the logs and counters say about one exchange.
struct ExchangeRecord {
  /// How an exchange ended.
  enum Outcome: String, CaseIterable {
    case delivered
    case hit
    case verified
    case denied
    case refused
    case failed
    case clientGone = "client-gone"
    case tunnelled

    /// The place among all cases: for tables of counters.
    var index: Int {
      switch self {
      case .delivered: 0
      case .hit: 1
      case .verified: 2
      case .denied: 3
      case .refused: 4
      case .failed: 5
      case .clientGone: 6
      case .tunnelled: 7
      }
    }
  }

  /// The way it took.
  enum Lane: String, CaseIterable {
    case cache
    case pass
    case decision
    case undeclared
    case local

    /// The place among all cases: for tables of counters.
    var index: Int {
      switch self {
      case .cache: 0
      case .pass: 1
      case .decision: 2
      case .undeclared: 3
      case .local: 4
      }
    }
  }

  var outcome = Outcome.delivered
  var lane = Lane.pass
  var status = Status(0)
  /// Bytes of content that came from the client.
  var bytesReceived: Int64 = 0
  /// The origin that was asked last; nil when none was.
  var origin: String?
  /// Bytes of content sent to the client.
  var bytesSent: Int64 = 0
  /// A stable reason code; nil where nothing needs one.
  var reason: String?
  var cacheReason: CacheReason?
  /// Whether the answer came from the fetch of another exchange.
  var isCollapsed = false
  /// Microseconds from the request's way out to the head of the response.
  var originMicroseconds: UInt64?
  var retries = 0
}
