internal import Cryptography
internal import EventLoop
internal import JOSE
internal import Verdict

extension DecisionExchange {
  /// Checks a signed text with the keys of the route; nil where that is done off the loop, and
  /// `offLoop` told.
  func check(_ text: [UInt8]) -> CheckedProof? {
    guard let type = rule.binding.signedType else { return .failed(.bindingUndeclared) }
    let check = ProofCheck(
      text: text, type: type, accessToken: AskedRequest.accessToken(of: outgoing).map(Array.init),
      asked: heldContent, answered: body)
    return checkWithKeys { keys in check.run(by: keys) }
  }

  /// Checks a message signature with the keys of the route; nil where that is done off the loop,
  /// and `offLoop` told.
  func check(_ signature: SignatureCheck) -> CheckedProof? {
    let content = body
    return checkWithKeys { keys in signature.run(by: keys, content: content) }
  }

  /// Has a proof checked with the keys of the route; nil where that is done off the loop, and
  /// `offLoop` told.
  ///
  /// A shared secret is quick: that is done at once. Everything else goes to the pool, and a key
  /// that is not known may be fetched first, after which `work` is done once more.
  func checkWithKeys(_ work: @escaping @Sendable (KeySet) -> CheckedProof) -> CheckedProof? {
    guard let set = route.proofKeys else { return .failed(.keysUnavailable) }
    let keys = set.keys
    guard !keys.isEmpty else { return .failed(.keysUnavailable) }
    if keys.entries.allSatisfy({ $0.key.algorithm == .hmacSHA256 }) { return work(keys) }
    let number = worker.awaitedProofs.add(self)
    let report: @Sendable (CheckedProof) -> Void = { [handle = worker.loop.handle] proof in
      handle.post { loop in (loop.attachment as? Worker)?.offLoop(number, .checked(proof)) }
    }
    let isTaken = worker.shared.proofPool.submit { [pool = worker.shared.proofPool] in
      let proof = work(keys)
      guard proof == .failed(.keyUnknown) else { return report(proof) }
      let isAwaited = set.awaitRefresh { fresh in
        if !pool.submit({ report(work(fresh)) }) { report(.failed(.proofCheckBusy)) }
      }
      if !isAwaited { report(proof) }
    }
    guard isTaken else {
      _ = worker.awaitedProofs.take(number)
      return .failed(.proofCheckBusy)
    }
    return nil
  }

  /// Has a verdict signed for the consumer; `offLoop` is told. False where that cannot be.
  func sign(_ attestation: Attestation, by attestor: Attestor) -> Bool {
    let number = worker.awaitedProofs.add(self)
    let asked = heldContent
    let answered = body
    let token = AskedRequest.accessToken(of: request).map(Array.init)
    let isTaken = worker.shared.proofPool.submit { [handle = worker.loop.handle] in
      let signed = attestor.sign(
        attestation, accessToken: token, asked: asked, answered: answered)
      handle.post { loop in (loop.attachment as? Worker)?.offLoop(number, .signed(signed)) }
    }
    if !isTaken { _ = worker.awaitedProofs.take(number) }
    return isTaken
  }
}
