/// How far the verdicts of a route can be trusted, by what its binding can and cannot prove.
package enum Grade: UInt8, Hashable, Sendable, CaseIterable {
  /// Signed together with this request's token: nobody on the way can make or change it.
  case a
  /// Bound to this request in the content, or signed and bound by time only.
  case b
  /// Bound by a header field, which a hop may write.
  case c
  /// Signs of an old answer are looked for; none proves that an answer is fresh.
  case d
  /// Nothing is looked at.
  case none

  /// As shown: `A` to `D`, or `none`.
  package var name: StaticString {
    switch self {
    case .a: "A"
    case .b: "B"
    case .c: "C"
    case .d: "D"
    case .none: "none"
    }
  }
}

/// The grade of a route, what it rests on, and how to get the next one. Sentences without a full
/// stop.
package struct GradeReport: Sendable, Equatable {
  package let grade: Grade
  package let proves: String
  package let lacks: String
  package let next: String
}

extension DecisionRule {
  /// By what the rule demands, whatever the mode: `audit` and `warn` do not refuse what is
  /// unproved, which is said of the mode.
  package var grade: Grade {
    switch binding {
    case .jwt, .httpSignature: .a
    case .introspectionJWT: .b
    case .echo(let echo):
      switch echo.proof {
      case .json: .b
      case .field: .c
      }
    case .legacy: .d
    case .none: .none
    }
  }

  /// The grade in words.
  package var gradeReport: GradeReport {
    GradeReport(grade: grade, proves: proves, lacks: lacks, next: nextGrade)
  }

  private var proves: String {
    let base =
      switch binding {
      case .jwt: "a signature over this request's token and what was decided"
      case .httpSignature: "a signature over the response and parts of this request"
      case .introspectionJWT: "a signature, issued after this request went out and for this program"
      case .echo(let echo):
        switch echo.proof {
        case .json: "this request's token in the content"
        case .field: "this request's token in a header field"
        }
      case .legacy: "no sign of an old answer was found"
      case .none: "nothing"
      }
    return subject == nil || binding == .none ? base : base + ", and its user"
  }

  private var lacks: String {
    let base =
      switch binding {
      case .jwt, .httpSignature: "nothing that a verdict can prove about itself"
      case .introspectionJWT:
        "that the answer is about this request and not another of these seconds"
      case .echo(let echo):
        switch echo.proof {
        case .json: "that no hop changed the answer: it is not signed"
        case .field: "that no hop wrote the field onto a stored answer"
        }
      case .legacy: "that the answer is fresh: a cache that leaves no marks is not noticed"
      case .none: "everything"
      }
    return subject == nil ? base + "; no user is compared" : base
  }

  private var nextGrade: String {
    switch binding {
    case .jwt, .httpSignature: "this is the best there is"
    case .introspectionJWT:
      "have the service sign this request's token as well: 'binding: jwt'"
    case .echo(let echo):
      switch echo.proof {
      case .json: "have the service sign its verdicts: 'binding: jwt' or 'binding: http-signature'"
      case .field: "have the token returned in the content: 'proof: json:/POINTER'"
      }
    case .legacy: "have the service return Transaction-Token in a header field: 'binding: echo'"
    case .none: "write 'binding: legacy', or 'binding: echo' where the service returns the token"
    }
  }
}
