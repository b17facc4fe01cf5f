internal import HTTPModel
internal import Primitives

/// Why this program answers a request itself instead of delivering what an origin said.
///
/// The raw value is the stable reason code, the same in log, counter, `Proxy-Status` and problem
/// document.
package enum ProxyFailure: String, Sendable, CaseIterable {
  case noRoute = "no-route"
  case connectRefused = "connect-refused"
  case traceRefused = "trace-refused"
  case upgradeRefused = "upgrade-refused"
  case expectationUnknown = "expectation-unknown"
  case malformedRequest = "malformed-request"
  case requestHeadTimeout = "request-head-timeout"
  case requestBodyTimeout = "request-body-timeout"
  case requestBodyTooLarge = "request-body-too-large"
  case onlyIfCached = "only-if-cached"
  case resolutionFailed = "origin-resolution-failed"
  case connectFailed = "origin-connect-failed"
  case connectTimeout = "origin-connect-timeout"
  case tlsFailed = "origin-tls-failed"
  case noHealthyOrigin = "no-healthy-origin"
  case originBusy = "origin-busy"
  case originTimeout = "origin-timeout"
  case originClosed = "origin-closed"
  case originMalformed = "origin-malformed"
  case originUpgraded = "origin-upgraded"
  case undeclaredDecision = "undeclared-decision"
  case overloaded = "overloaded"
  case shuttingDown = "shutting-down"
  case randomnessFailed = "randomness-failed"

  /// The status of the answer.
  var status: Status {
    switch self {
    case .noRoute: .notFound
    case .connectRefused, .traceRefused: Status(405)
    case .upgradeRefused, .malformedRequest: .badRequest
    case .expectationUnknown: Status(417)
    case .requestHeadTimeout, .requestBodyTimeout: Status(408)
    case .requestBodyTooLarge: .contentTooLarge
    case .onlyIfCached, .connectTimeout, .originTimeout: .gatewayTimeout
    case .resolutionFailed, .connectFailed, .tlsFailed, .originClosed, .originMalformed,
      .originUpgraded, .undeclaredDecision:
      .badGateway
    case .noHealthyOrigin, .originBusy, .overloaded, .shuttingDown: .serviceUnavailable
    case .randomnessFailed: .internalServerError
    }
  }

  /// Whether no answer came from the origin, so that a stale one may stand in (RFC 9111 §4.2.4).
  var isUnreachable: Bool {
    switch self {
    case .resolutionFailed, .connectFailed, .connectTimeout, .tlsFailed, .noHealthyOrigin,
      .originBusy, .originTimeout, .originClosed, .originMalformed:
      true
    default: false
    }
  }

  /// The proxy error type of RFC 9209 §2.3.
  var proxyStatusError: StaticString {
    switch self {
    case .noRoute: "destination_not_found"
    case .connectRefused, .traceRefused, .upgradeRefused, .overloaded, .shuttingDown:
      "http_request_denied"
    case .expectationUnknown, .malformedRequest, .requestHeadTimeout, .requestBodyTimeout,
      .requestBodyTooLarge, .onlyIfCached:
      "http_request_error"
    case .resolutionFailed: "dns_error"
    case .connectFailed: "connection_refused"
    case .connectTimeout: "connection_timeout"
    case .tlsFailed: "tls_protocol_error"
    case .noHealthyOrigin: "destination_unavailable"
    case .originBusy: "connection_limit_reached"
    case .originTimeout: "http_response_timeout"
    case .originClosed: "http_response_incomplete"
    case .originMalformed, .originUpgraded: "http_protocol_error"
    case .undeclaredDecision: "http_request_denied"
    case .randomnessFailed: "proxy_internal_error"
    }
  }

  /// One sentence for the person who reads the answer. Holds nothing of the request.
  var sentence: StaticString {
    switch self {
    case .noRoute: "No route takes this request."
    case .connectRefused: "This proxy opens no tunnels by CONNECT."
    case .traceRefused: "This proxy does not answer TRACE."
    case .upgradeRefused: "This route changes no protocol."
    case .expectationUnknown: "The only expectation that can be met is 100-continue."
    case .malformedRequest: "The request does not follow RFC 9112."
    case .requestHeadTimeout: "The head of the request did not arrive in time."
    case .requestBodyTimeout: "The body of the request did not arrive in time."
    case .requestBodyTooLarge: "The body of the request is larger than this route takes."
    case .onlyIfCached: "Nothing usable is stored, and the request forbids to ask the origin."
    case .resolutionFailed: "The name of the origin could not be resolved."
    case .connectFailed: "No connection to the origin could be made."
    case .connectTimeout: "The origin did not accept a connection in time."
    case .tlsFailed: "No secure connection to the origin could be made."
    case .noHealthyOrigin: "No origin of this service is in a state to answer."
    case .originBusy: "Too many requests wait for this service."
    case .originTimeout: "The origin did not answer in time."
    case .originClosed: "The origin closed the connection before its answer was complete."
    case .originMalformed: "The answer of the origin does not follow RFC 9112."
    case .originUpgraded: "The origin changed the protocol although nobody asked for that."
    case .undeclaredDecision: "The answer is a decision, and this route declares none."
    case .overloaded: "The proxy has as many connections as it may have."
    case .shuttingDown: "The proxy is shutting down."
    case .randomnessFailed: "No transaction token could be made."
    }
  }
}
