internal import Verdict

/// What was done for an exchange off its loop.
enum OffLoopResult: Sendable {
  case checked(CheckedProof)
  /// A signed verdict; nil where it could not be signed.
  case signed([UInt8]?)
}

/// The exchanges of one loop for which something is done elsewhere, by a number.
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
  /// Something was done for an exchange elsewhere.
  func offLoop(_ number: UInt64, _ result: OffLoopResult) {
    awaitedProofs.take(number)?.offLoop(result)
  }
}
