/// What the memory says of all identifiers of one verdict.
package enum SpendAnswer: Hashable, Sendable {
  /// Each serves for the first time, or in a way its kind permits.
  case first
  /// One of this kind has served before.
  case repeated(IdentifierKind)
  /// There was no room to remember one.
  case full
  /// The memory could not be asked: nothing is known of any, whatever the rules say about room.
  case failed
}

/// An allow whose every proof holds, before its identifiers are spent. Only `verify` makes one, and
/// only `spend` makes of it what may go out: the memory is asked last, so that a forged response
/// cannot use up the identifier of a genuine one.
package struct ProvenVerdict: Sendable, Equatable {
  /// The user, as the verdict names him; nil where the rule compares none.
  package let subject: [UInt8]?
  /// What has to be asked of the memory. Empty where nothing can be repeated: a token minted for
  /// one request is in no other's answer.
  package let identifiers: [ResponseIdentifier]

  /// The last phase: `answer` is what the memory says of all identifiers, `first` where there are
  /// none.
  package func spend(_ answer: SpendAnswer) -> VerificationOutcome {
    switch answer {
    case .first: .verified(VerifiedVerdict(subject: subject))
    case .repeated(let kind): .refused(kind.reason)
    case .full, .failed: .refused(.replayMemoryFull)
    }
  }
}

/// An allow whose every check has passed. Only `ProvenVerdict.spend` can make one; what demands
/// this type cannot be given an unverified verdict.
package struct VerifiedVerdict: Sendable, Equatable {
  /// The user, as the verdict names him; nil where the rule compares none.
  package let subject: [UInt8]?

  fileprivate init(subject: [UInt8]?) { self.subject = subject }
}

/// What verification found, before the memory is asked.
package enum Judgement: Sendable, Equatable {
  /// An allow with every proof but that it serves for the first time.
  case proven(ProvenVerdict)
  /// A no that may go out. Unproved, it is reported.
  case denied(BindingProof)
  /// Nothing that may go out.
  case refused(RefusalReason)
  /// Mode `audit` without a token: an allow whose other checks have passed.
  case untested

  /// The outcome, with a memory to ask where there is something to be asked.
  package func outcome(
    remembering memory: (ProvenVerdict) -> SpendAnswer
  ) -> VerificationOutcome {
    switch self {
    case .proven(let verdict):
      verdict.spend(verdict.identifiers.isEmpty ? .first : memory(verdict))
    case .denied(let proof): .denied(proof)
    case .refused(let reason): .refused(reason)
    case .untested: .untested
    }
  }
}
