internal import EventLoop
internal import Verdict

/// The exchanges of one loop whose proof is being checked elsewhere, by the number of the check.
///
/// What is answered is taken out; an exchange that has ended meanwhile is told all the same, and
/// takes no notice. Belongs to one loop.
struct AwaitedProofs {
  private var exchanges: [UInt64: DecisionExchange] = [:]
  private var count: UInt64 = 0

  /// The number by which the answer will come.
  mutating func add(_ exchange: DecisionExchange) -> UInt64 {
    count &+= 1
    exchanges[count] = exchange
    return count
  }

  mutating func take(_ number: UInt64) -> DecisionExchange? {
    exchanges.removeValue(forKey: number)
  }
}

extension Worker {
  /// Has a proof checked off the loop; `DecisionExchange.proofChecked` is told. Answers at once
  /// where that cannot be.
  func check(
    for exchange: DecisionExchange, _ work: @escaping @Sendable () -> CheckedProof
  ) -> CheckedProof? {
    let number = awaitedProofs.add(exchange)
    let isTaken = shared.proofPool.submit { [handle = loop.handle] in
      let proof = work()
      handle.post { loop in
        guard let worker = loop.attachment as? Worker else { return }
        worker.awaitedProofs.take(number)?.proofChecked(proof)
      }
    }
    guard isTaken else {
      _ = awaitedProofs.take(number)
      return .failed(.proofCheckBusy)
    }
    return nil
  }
}
