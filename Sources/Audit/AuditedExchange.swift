package import HTTPModel
package import Primitives

/// What the detectors look at: one exchange, both heads as they came, before this program changed
/// them.
///
/// Copies share their bytes with the exchange; nothing here is kept past the call.
package struct AuditedExchange: Sendable {
  package var request: RequestHead
  package var requestHasBody: Bool
  /// Whether the operator trusts what this peer says of other hosts and addresses.
  package var peerIsTrusted: Bool
  /// Whether what the peer says of them does not reach the service.
  package var dropsPeerClaims = false
  package var hasClientCertificate: Bool
  package var response: ResponseHead
  /// How long the response's body is; nil where that is not known.
  package var responseBodyBytes: Int?
  package var isDecision: Bool
  /// Whether the route's rule compares the user.
  package var comparesSubject: Bool
  /// By how much the clocks of the service and of this machine may differ.
  package var clockSkew: Seconds
  /// Whether the request went to the service with a precondition or a range.
  package var wasConditional: Bool
  /// Whether the service was asked for the identity coding.
  package var askedForIdentity: Bool
  package var sentAt: WallTime
  package var receivedAt: WallTime
  /// Whether storing the response pushed out older variants of the same address.
  package var displacesVariants = false

  package init(
    request: RequestHead, requestHasBody: Bool = false, peerIsTrusted: Bool = false,
    hasClientCertificate: Bool = false, response: ResponseHead, responseBodyBytes: Int? = nil,
    isDecision: Bool, comparesSubject: Bool = false, clockSkew: Seconds = Seconds(5),
    wasConditional: Bool = false,
    askedForIdentity: Bool = false, sentAt: WallTime, receivedAt: WallTime
  ) {
    self.request = request
    self.requestHasBody = requestHasBody
    self.peerIsTrusted = peerIsTrusted
    self.hasClientCertificate = hasClientCertificate
    self.response = response
    self.responseBodyBytes = responseBodyBytes
    self.isDecision = isDecision
    self.comparesSubject = comparesSubject
    self.clockSkew = clockSkew
    self.wasConditional = wasConditional
    self.askedForIdentity = askedForIdentity
    self.sentAt = sentAt
    self.receivedAt = receivedAt
  }

  var isRead: Bool { request.method == .get || request.method == .head }
}

/// Every detector that one exchange is enough for. Without a finding no memory is allocated.
///
/// The binding checks are not among them: they come out of verification (`Detection.init(_:)`).
package func detections(in exchange: AuditedExchange) -> [Detection] {
  var found: [Detection] = []
  detectPoisoning(in: exchange, into: &found)
  detectDeception(in: exchange, into: &found)
  guard exchange.isDecision else { return found }
  detectStoring(in: exchange, words: StoringWords(of: exchange), into: &found)
  detectUpstreamCaches(in: exchange, into: &found)
  detectDownstreamCaches(in: exchange, into: &found)
  return found
}
