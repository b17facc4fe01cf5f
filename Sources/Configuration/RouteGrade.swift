internal import Verdict

/// How far the verdicts of one decision route can be trusted, in words for operators: `check`, the
/// admin listener and their like read the same.
package struct RouteGrade: Sendable, Equatable {
  /// The route's name.
  package let route: String
  /// `A` to `D`, or `none`.
  package let grade: String
  package let mode: String
  package let binding: String
  /// Sentences without a full stop.
  package let proves: String
  package let lacks: String
  package let next: String

  init(_ route: String, _ rule: DecisionRule) {
    let report = rule.gradeReport
    self.route = route
    grade = "\(report.grade.name)"
    mode = "\(rule.mode.name)"
    binding = "\(rule.binding.name)"
    proves = report.proves
    lacks = report.lacks
    next = report.next
  }
}

extension Settings {
  /// The grades of the decision routes, in the order of the settings.
  package var grades: [RouteGrade] {
    routes.compactMap { route in
      guard case .decision(let rule) = route.lane else { return nil }
      return RouteGrade(route.name, rule)
    }
  }
}
