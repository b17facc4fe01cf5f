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
    for target in invalidTargets(of: request, scheme: scheme, response: head) {
      invalidate(target, scheme: scheme)
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

  /// First the note, then the rules, then what is stored by them: a response that arrives meanwhile
  /// with a rule of its own sees either the note or what becomes of its key.
  private func invalidate(_ target: InvalidTarget, scheme: Scheme) {
    let store = worker.shared.store
    if plan.usesNoVarySearch {
      var path: [UInt8] = []
      CacheKey.writePathKey(
        path: target.path[...], authority: request.authority, scheme: scheme, into: &path)
      store.notePathChange(path.span)
    }
    for rules in plan.keyRules {
      store.invalidate(
        CacheKey.base(of: target, authority: request.authority, scheme: scheme, rules: rules))
    }
    let searched = plan.searchTargets(
      of: target, authority: request.authority, scheme: scheme, in: store)
    for key in searched { store.invalidate(key) }
  }
}
