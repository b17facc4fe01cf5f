internal import CachePolicy
internal import CacheStore
internal import EventLoop
internal import HTTPModel
internal import Primitives

extension Exchange {
  /// An unsafe request succeeded: what is stored for its target says the past (RFC 9111 §4.4), and
  /// so does what belongs to the groups it names (RFC 9875 §3). Whatever the lane it came on, and
  /// whatever the route or service that it was stored for.
  func invalidate(by head: ResponseHead) {
    guard invalidates(request, head) else { return }
    let scheme: Scheme = clientFacts.isSecure ? .https : .http
    for rules in plan.keyRules {
      let keys = invalidationKeys(
        for: request, scheme: scheme, response: head, partition: route.partition, rules: rules)
      for key in keys { worker.shared.store.invalidate(key) }
    }
    for key in plan.searchTargets(of: request, scheme: scheme, in: worker.shared.store) {
      worker.shared.store.invalidate(key)
    }
    let groups = groupInvalidations(for: request, response: head)
    guard !groups.isEmpty else { return }
    var own: [UInt8] = []
    CacheKey.write(for: request, scheme: scheme, partition: route.partition, into: &own)
    for group in groups {
      worker.shared.store.beginPurge(
        .label(group, originOf: own), .hard, now: worker.loop.wallNow)
    }
  }
}
