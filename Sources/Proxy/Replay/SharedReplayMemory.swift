internal import Configuration
internal import Cryptography
internal import Platform
internal import Primitives
internal import Synchronization
internal import Verdict

/// The memory of what serves once, one for all loops: shards by key, each behind a lock of its own
/// that is held for one look-up.
///
/// It outlives every plan, so that a reload forgets nothing. Values are known by keyed digests
/// only: who reads the memory of the process learns neither sessions nor codes.
final class SharedReplayMemory: Sendable {
  /// How many shards there are: more than loops by far, so that two seldom meet.
  static let shards = 16

  private final class Shard: Sendable {
    let memory: Mutex<ReplayMemory>

    init(capacity: Int) { memory = Mutex(ReplayMemory(capacity: capacity)) }
  }

  private let shards: [Shard]
  private let key: HMACSHA256Key

  /// - Parameters:
  ///   - capacity: How many values are remembered at most, in all shards together.
  ///   - key: Of this process, made at its start.
  init(capacity: Int, key: HMACSHA256Key) {
    self.key = key
    let each = (max(capacity, 1) + Self.shards - 1) / Self.shards
    shards = (0..<Self.shards).map { _ in Shard(capacity: each) }
  }

  /// How many values are remembered.
  var count: Int { shards.reduce(0) { $0 + $1.memory.withLock { $0.count } } }

  /// Asks about every value of one verdict, and remembers them; the first that must not come again
  /// answers for all.
  func spend(_ identifiers: [ResponseIdentifier], in context: ReplayContext) -> SpendAnswer {
    var answer = SpendAnswer.first
    for identifier in identifiers {
      switch see(identifier, in: context) {
      case .first: break
      case .repeated: return .repeated(identifier.kind)
      case .full: answer = .full
      case nil: return .failed
      }
    }
    return answer
  }

  /// Nil where a digest could not be made.
  private func see(_ identifier: ResponseIdentifier, in context: ReplayContext) -> ReplayAnswer? {
    guard let digest = digest(.value(identifier.kind), context.route, identifier.value),
      let claim = claim(of: identifier, in: context)
    else { return nil }
    let lifetime = identifier.lifetime ?? context.lifetime
    return shards[Int(truncatingIfNeeded: digest.low % UInt64(Self.shards))].memory.withLock {
      $0.see(
        digest, as: claim, at: context.now, until: context.now.advanced(by: lifetime))
    }
  }

  /// Nil where the digest could not be made: then nothing can be said.
  private func claim(
    of identifier: ResponseIdentifier, in context: ReplayContext
  ) -> ReplayClaim? {
    switch identifier.kind {
    case .verdict, .token, .oneTimeValue: return .once
    case .reply: return .dated(sentAt: context.sentAt, grace: LegacyRule.dateGrace)
    case .session:
      switch context.credentials {
      // Who cannot be told from others gets a session that nobody had before.
      case .none, .unreadable: return .once
      case .bytes(let bytes):
        return digest(.holder, context.route, bytes).map { .heldBy($0) }
      }
    }
  }

  /// 128 bits of the keyed digest of a purpose, a route and a value: each of the parts has its
  /// length before it.
  private func digest(
    _ purpose: Purpose, _ route: [UInt8], _ value: [UInt8]
  ) -> ReplayKey? {
    var text: [UInt8] = [Self.formatVersion, purpose.number]
    for part in [route, value] {
      for shift in stride(from: 56, through: 0, by: -8) {
        text.append(UInt8(truncatingIfNeeded: part.count >> shift))
      }
      text += part
    }
    do throws(CryptographyError) {
      return ReplayKey(try key.code(of: text))
    } catch {
      return nil
    }
  }

  /// The first byte of what is digested; another format has another number.
  private static let formatVersion: UInt8 = 1

  private enum Purpose {
    case value(IdentifierKind)
    case holder

    var number: UInt8 {
      switch self {
      case .value(let kind): kind.rawValue
      case .holder: 0xFF
      }
    }
  }
}

/// In which exchange a value came.
struct ReplayContext {
  /// The route's name in the settings: each route has a name space of its own.
  let route: [UInt8]
  let credentials: PresentedCredentials
  /// How long values are remembered that do not say so themselves.
  let lifetime: Milliseconds
  let sentAt: MonotonicTime
  let now: MonotonicTime
}

extension ReplayKey {
  /// The first half of a digest.
  fileprivate init(_ digest: Digest256) {
    let bytes = digest.bytes
    func word(_ start: Int) -> UInt64 {
      bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    self.init(high: word(0), low: word(8))
  }
}
