internal import CachePolicy
internal import Configuration
internal import HTTPModel
internal import Primitives
internal import Transport
internal import Verdict

/// An exchange whose request looks like one for a decision, on a route that declares none: the
/// response is hardened, never stored, never shared, delivered as it comes, and reported.
///
/// It had no token to answer, so nothing can be verified.
final class UndeclaredExchange: Exchange {
  private let sign: DecisionSign

  init(
    _ incoming: IncomingRequest, id: ExchangeID, on client: ClientConnection, route: RoutePlan,
    sign: DecisionSign
  ) {
    self.sign = sign
    super.init(incoming, id: id, on: client.worker, for: client, route: route)
    record.lane = .undeclared
  }

  override var isDecision: Bool { true }
  override var allowedUpgrades: [[UInt8]] { route.settings.upgrades }

  override func prepareLane(_ head: inout RequestHead) -> ProxyFailure? {
    // An old or partial answer is no answer to this request.
    guard head.method == .get || head.method == .head else { return nil }
    removeConditions(from: &head.fields)
    return nil
  }

  override func responseArrived(_ head: consuming ResponseHead, framing: BodyFraming) {
    var head = head
    invalidate(by: head)
    worker.report(undeclared: head, sign: sign, of: self)
    guard route.settings.onDecision == .deliver else { return fail(.undeclaredDecision) }
    hardenDecisionResponse(&head.fields, under: nil)
    deliver(consume head, framing: framing)
  }
}
