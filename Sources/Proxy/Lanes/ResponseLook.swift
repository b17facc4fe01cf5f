internal import CachePolicy
internal import Configuration
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Verdict

/// What can be told of a response of the cache lane, whose head has no sign of a decision, before
/// its content is there.
enum ResponseLook {
  /// Its content tells whether it is a decision: ask with all of it that came.
  case unclear(ContentInspection)
  case plain(WithholdingReason?)

  /// Why the head alone keeps a response that is no decision out of the store; nil where it does
  /// not.
  static func withheld(_ head: ResponseHead, route: RoutePlan) -> WithholdingReason? {
    route.service.settings.kind == .auth && head.status.findsFaultWithRequest
      ? .refusedRequest : nil
  }

  /// - Parameter isStorable: Whether the head allows storing; asked for auth services only.
  init(
    at head: ResponseHead, framing: BodyFraming, to request: RequestHead, route: RoutePlan,
    isStorable: () -> Bool
  ) {
    let kind = route.service.settings.kind
    guard request.method != .head, framing.knownLength != 0 else {
      self = .plain(nil)
      return
    }
    let inspection = ContentInspection(
      of: head, to: request, kind: kind, isDeclared: route.isDeclaredHarmless,
      isStorable: kind == .auth && isStorable(), length: framing.knownLength)
    let nothing: [UInt8] = []
    switch inspection.finding(in: nothing.span, isWhole: false) {
    case .needsMore: self = .unclear(inspection)
    case .withheld(let reason): self = .plain(reason)
    case .decision, .nothing: self = .plain(nil)
    }
  }
}
