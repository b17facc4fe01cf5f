package import HTTPModel
internal import Primitives

/// Finds the requests that some servers take for those of a decision route although the route does
/// not: `//login`, `/LOGIN`, `/login/`, `/login;x`, `/a/../login` (PTH-02 to PTH-04).
///
/// Such a request may not leave the decision lane: what the origin answers to it may be a verdict,
/// and what a careless cache before the origin answers may be an old one.
package struct DecisionSpellings: Sendable {
  private struct Candidate: Sendable {
    var match: RouteMatch
    var isDecision: Bool
  }

  /// All routes in their order, with their paths in the most forgiving spelling; empty where no
  /// decision route names a path.
  private let candidates: [Candidate]
  /// Whether some route's own path is spelled otherwise, so that plain paths are compared too.
  private let comparesAll: Bool

  package init(_ routes: [RouteSettings]) {
    guard routes.contains(where: { $0.lane.isDecision && !$0.match.paths.isEmpty }) else {
      candidates = []
      comparesAll = false
      return
    }
    candidates = routes.map { route in
      var match = route.match
      match.paths = match.paths.map(\.forgiving)
      return Candidate(match: match, isDecision: route.lane.isDecision)
    }
    comparesAll = zip(candidates, routes).contains { $0.match.paths != $1.match.paths }
  }

  /// The number of the decision route that would take the request, which none takes as it is, on a
  /// server that reads paths forgivingly; nil where there is none. Allocates nothing for paths in
  /// the usual spelling.
  package func decisionMeant(by head: RequestHead, client: ClientCertificateFacts?) -> Int? {
    guard !candidates.isEmpty else { return nil }
    if ForgivingPath.isForgiving(head.path) {
      return comparesAll ? decision(for: head, path: head.path, client: client) : nil
    }
    return decision(for: head, path: ForgivingPath.of(head.path)[...], client: client)
  }

  private func decision(
    for head: RequestHead, path: ArraySlice<UInt8>, client: ClientCertificateFacts?
  ) -> Int? {
    guard
      let index = candidates.firstIndex(where: {
        $0.match.matches(head, path: path, client: client)
      })
    else { return nil }
    return candidates[index].isDecision ? index : nil
  }
}

extension RouteLane {
  fileprivate var isDecision: Bool {
    if case .decision = self { true } else { false }
  }
}

extension PathPattern {
  /// The pattern for paths in the most forgiving spelling: small letters, no slash at the end.
  fileprivate var forgiving: PathPattern {
    var text = text.asciiLowercased()
    while text.count > 1, text.last == ASCII.slash { text.removeLast() }
    return (try? PathPattern(text)) ?? self
  }
}
