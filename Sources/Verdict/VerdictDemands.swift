package import Primitives

/// A part of the question that the verdict must repeat: a resource, an action, a scope.
package struct QuestionRule: Hashable, Sendable {
  package let request: RequestSource
  package let verdict: VerdictSource

  package init(request: RequestSource, verdict: VerdictSource) {
    self.request = request
    self.verdict = verdict
  }
}

/// What a rule demands of an allow beside the proof and the user: parts that must be there, parts
/// of the question that must be repeated, and values that serve once.
///
/// A class, so that rules without any of it carry one empty reference; immutable.
package final class VerdictDemands: Sendable, Equatable {
  /// How many places in a JSON body all demands together may name.
  package static let maximumPointers = JSONValues.capacity
  /// How long what serves once is remembered unless the route says otherwise.
  package static let standardLifetime = Seconds(900)

  /// What an allow must hold, whatever its value; null, false and empty are not there.
  package let required: [VerdictSource]
  package let questions: [QuestionRule]
  /// Identifiers of the verdict itself: it must have them, and they serve once (REP-01).
  package let singleUse: [VerdictSource]
  /// Codes, challenges and the like: where there are any, they are handed out once (REP-03).
  package let oneTimeValues: [VerdictSource]
  /// Sessions and access tokens: whose they are is kept (REP-02).
  package let sessions: [VerdictSource]
  /// What of the request tells who is asking.
  package let credentials: [RequestSource]
  /// How long what serves once is remembered.
  package let lifetime: Seconds

  /// The places in the body, for one pass of their own.
  let pointers: [JSONPointer]

  /// Nil where nothing is demanded.
  package init?(
    required: [VerdictSource] = [], questions: [QuestionRule] = [],
    singleUse: [VerdictSource] = [], oneTimeValues: [VerdictSource] = [],
    sessions: [VerdictSource] = [], credentials: [RequestSource] = [],
    lifetime: Seconds = standardLifetime
  ) {
    guard
      !(required.isEmpty && questions.isEmpty && singleUse.isEmpty && oneTimeValues.isEmpty
        && sessions.isEmpty && credentials.isEmpty)
    else { return nil }
    self.required = required
    self.questions = questions
    self.singleUse = singleUse
    self.oneTimeValues = oneTimeValues
    self.sessions = sessions
    self.credentials = credentials
    self.lifetime = max(lifetime, Seconds(1))
    let places = required + questions.map(\.verdict) + singleUse + oneTimeValues + sessions
    var pointers: [JSONPointer] = []
    for case .json(let pointer) in places where !pointers.contains(pointer) {
      pointers.append(pointer)
    }
    self.pointers = pointers
  }

  /// How many places in the body are looked at.
  package var placesInBody: Int { pointers.count }

  /// Whether something is asked of the request's content.
  var needsRequestBody: Bool {
    questions.contains { $0.request.needsBody } || credentials.contains(where: \.needsBody)
  }

  /// Whether anything has to be remembered.
  package var remembers: Bool { !(singleUse.isEmpty && oneTimeValues.isEmpty && sessions.isEmpty) }

  package static func == (left: VerdictDemands, right: VerdictDemands) -> Bool {
    left === right
      || left.required == right.required && left.questions == right.questions
        && left.singleUse == right.singleUse && left.oneTimeValues == right.oneTimeValues
        && left.sessions == right.sessions && left.credentials == right.credentials
        && left.lifetime == right.lifetime
  }
}
