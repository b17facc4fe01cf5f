/// What a cache does, mistake by mistake. As it is made it does none: it stores nothing, and passes
/// every request and answer on as they are.
///
/// Kinds turn mistakes on (`CarelessKind`), and several can be turned on together.
package struct CarelessRules: Equatable, Sendable {
  /// Which answers are kept, from the right rule to the wrong one.
  package enum Storing: Int, Sendable, Comparable {
    case nothing
    /// What its fields allow a shared cache to keep (RFC 9111 §3), roughly: explicit freshness, and
    /// none of the prohibitions.
    case whatFieldsAllow
    /// Every 2xx, 3xx and 4xx, whatever its fields say.
    case everything

    package static func < (left: Storing, right: Storing) -> Bool {
      left.rawValue < right.rawValue
    }
  }

  /// What a stored answer is used for.
  package enum Reuse: Sendable {
    /// Instead of asking.
    case insteadOfAsking
    /// When asking has failed.
    case whenOriginIsDown
  }

  /// What happens to requests that are under way at the same time, or one after the other.
  package enum Mixing: Sendable {
    case nothing
    /// One of those for the same target is asked; all get its answer.
    case collapse
    /// Two at a time get each other's answers.
    case swap
    /// Each gets the answer before its own; the first one's is given twice.
    case oneLate
  }

  /// What makes two requests the same, beside method, host and target, which always count.
  package struct Key: Equatable, Sendable {
    /// What else counts.
    package struct Parts: OptionSet, Sendable {
      package let rawValue: UInt8

      package init(rawValue: UInt8) { self.rawValue = rawValue }

      /// The fields that say who is asking: `CarelessKey.credentialFields`.
      package static let credentials = Parts(rawValue: 1)
      package static let body = Parts(rawValue: 2)
    }

    /// Nil where no kind has said anything: then nothing else counts.
    package var parts: Parts?
    /// So many bytes of each part count; nil: all.
    package var cut: Int?
    /// Capital and small letters are the same.
    package var foldsCase = false

    package init() {}
  }

  package var storing = Storing.nothing
  /// Requests by methods other than GET and HEAD are answered from the store, too.
  package var storesEveryMethod = false
  package var key = Key()
  /// Answers are told apart by the request fields that `Vary` names.
  package var heedsVary = true
  /// Answers with `Set-Cookie` are kept with the cookie, instead of not at all.
  package var keepsSetCookie = false
  /// Identifiers of the request at hand are put on an answer that belongs to another.
  package var stampsIdentifiers = false
  /// `Authorization` does not reach the origin.
  package var stripsAuthorization = false
  package var reuse = Reuse.insteadOfAsking
  package var mixing = Mixing.nothing

  package init() {}

  /// Stores at least so much.
  mutating func store(_ storing: Storing) { self.storing = max(self.storing, storing) }

  /// Leaves all but these parts out of the key, as well as what another kind left out before.
  mutating func key(on parts: Key.Parts) {
    key.parts = key.parts.map { $0.intersection(parts) } ?? parts
  }
}
