import HTTPModel
import Testing

@testable import Transport

@Suite struct RetryDecisionTests {
  /// The one attempt that may be repeated: an idle connection closed under an idempotent request.
  private var closedUnderUs: OriginAttempt {
    OriginAttempt(
      number: 1, isDecision: false, connectionWasReused: true, bodyCanBeReplayed: true,
      responseBegan: false, failure: .closedBeforeResponse)
  }

  private func decide(
    _ method: Method = .get, _ change: (inout OriginAttempt) -> Void = { _ in }
  ) -> RetryDecision {
    var attempt = closedUnderUs
    change(&attempt)
    return retryDecision(after: attempt, method: method, attemptLimit: 3)
  }

  @Test(arguments: [Method.get, .head, .put, .delete, .options, .trace])
  func `an idle connection closing under an idempotent request lets it be sent again`(
    method: Method
  ) {
    #expect(decide(method) == .sendAgain)
  }

  @Test(arguments: [Method.post, .patch, .connect, .other(Array("QUERY".utf8))])
  func `a method that is not idempotent is never sent twice`(method: Method) {
    #expect(decide(method) == .refuse(.methodNotIdempotent))
  }

  @Test func `a decision is never sent twice`() {
    #expect(decide { $0.isDecision = true } == .refuse(.decision))
  }

  @Test func `a request that never met a connection goes elsewhere, whatever it is`() {
    #expect(decide(.post) { $0.failure = .notConnected } == .connectElsewhere)
    let decision = decide(.post) {
      $0.failure = .notConnected
      $0.isDecision = true
    }
    #expect(decision == .connectElsewhere)
  }

  @Test func `attempts end`() {
    #expect(decide { $0.number = 3 } == .refuse(.attemptsExhausted))
    let unconnected = decide {
      $0.number = 3
      $0.failure = .notConnected
    }
    #expect(unconnected == .refuse(.attemptsExhausted))
  }

  @Test func `one byte of a response ends all retries`() {
    #expect(decide { $0.responseBegan = true } == .refuse(.responseBegan))
    #expect(decide { $0.failure = .closedWithinResponse } == .refuse(.responseBegan))
    let odd = decide {
      $0.failure = .notConnected
      $0.responseBegan = true
    }
    #expect(odd == .refuse(.responseBegan))
  }

  @Test func `a body that is gone cannot be sent again`() {
    #expect(decide(.put) { $0.bodyCanBeReplayed = false } == .refuse(.bodyConsumed))
  }

  @Test(arguments: [OriginAttemptFailure.timedOut, .protocolViolation])
  func `a failure that says something about the request is not retried`(
    failure: OriginAttemptFailure
  ) {
    #expect(decide { $0.failure = failure } == .refuse(.notAClosedIdleConnection))
  }

  @Test func `a fresh connection that closes is not retried`() {
    #expect(decide { $0.connectionWasReused = false } == .refuse(.notAClosedIdleConnection))
  }

  @Test func `every refusal appears above and every code is its own`() {
    #expect(Set(RetryRefusal.allCases.map(\.rawValue)).count == RetryRefusal.allCases.count)
  }
}
