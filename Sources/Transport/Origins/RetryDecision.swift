package import HTTPModel

/// How an attempt to have an origin answer a request ended without an answer.
package enum OriginAttemptFailure: String, Sendable, CaseIterable {
  /// No connection came about (name, connect, TLS, queue): the request was never handed to one.
  case notConnected = "origin-connect-failed"
  /// The origin closed or reset the connection before a byte of the response.
  case closedBeforeResponse = "origin-closed-before-response"
  /// The origin closed or reset the connection within the response.
  case closedWithinResponse = "origin-closed-within-response"
  /// A deadline passed.
  case timedOut = "origin-timeout"
  /// The origin broke the protocol.
  case protocolViolation = "origin-protocol-violation"
}

/// What is known of an attempt when it has failed.
package struct OriginAttempt: Sendable, Hashable {
  /// Which attempt it was: 1 for the first.
  package var number: Int
  /// Whether the exchange is in the decision lane, or turned out to belong there.
  package var isDecision: Bool
  /// Whether the connection had carried another exchange before this one.
  package var connectionWasReused: Bool
  /// Whether the request's body can be sent again from its first byte: there is none, or all that
  /// was taken from the client is still held.
  package var bodyCanBeReplayed: Bool
  /// Whether any byte came from the origin in answer, of an interim response too.
  package var responseBegan: Bool
  package var failure: OriginAttemptFailure

  package init(
    number: Int, isDecision: Bool, connectionWasReused: Bool, bodyCanBeReplayed: Bool,
    responseBegan: Bool, failure: OriginAttemptFailure
  ) {
    self.number = number
    self.isDecision = isDecision
    self.connectionWasReused = connectionWasReused
    self.bodyCanBeReplayed = bodyCanBeReplayed
    self.responseBegan = responseBegan
    self.failure = failure
  }
}

/// Whether a request whose attempt failed is tried again.
package enum RetryDecision: Equatable, Sendable {
  /// The request was never sent: hand it to another origin, or to another connection. This repeats
  /// no request, so RFC 9110 §9.2.2 does not speak of it; it is open to every method and lane.
  case connectElsewhere
  /// Send the request again on a connection opened for it.
  case sendAgain
  case refuse(RetryRefusal)
}

/// Why a request is not tried again. The raw value is the stable reason code.
package enum RetryRefusal: String, Sendable, CaseIterable {
  case attemptsExhausted = "attempts-exhausted"
  /// A verdict answers one request, sent once: a second may find another answer.
  case decision = "decision"
  /// Part of a response came: the origin has acted on the request.
  case responseBegan = "response-began"
  /// The same request twice may ask for more than once (RFC 9110 §9.2.2).
  case methodNotIdempotent = "method-not-idempotent"
  /// What was sent of the body is no longer there to be sent again.
  case bodyConsumed = "body-consumed"
  /// The failure is not the one of an idle connection closing under the request (RFC 9112 §9.3.1),
  /// the only one that says something about the connection and nothing about the request.
  case notAClosedIdleConnection = "not-a-closed-idle-connection"
}

/// Decides whether a request is tried again after a failed attempt (RFC 9110 §9.2.2, RFC 9112
/// §9.3.1).
///
/// `attemptLimit` counts attempts of both kinds, the first included.
package func retryDecision(after attempt: OriginAttempt, method: Method, attemptLimit: Int)
  -> RetryDecision
{
  if attempt.number >= attemptLimit { return .refuse(.attemptsExhausted) }
  if attempt.failure == .notConnected, !attempt.responseBegan {
    return attempt.bodyCanBeReplayed ? .connectElsewhere : .refuse(.bodyConsumed)
  }
  if attempt.isDecision { return .refuse(.decision) }
  if attempt.responseBegan || attempt.failure == .closedWithinResponse {
    return .refuse(.responseBegan)
  }
  if !method.isIdempotent { return .refuse(.methodNotIdempotent) }
  if !attempt.bodyCanBeReplayed { return .refuse(.bodyConsumed) }
  guard attempt.failure == .closedBeforeResponse, attempt.connectionWasReused else {
    return .refuse(.notAClosedIdleConnection)
  }
  return .sendAgain
}
