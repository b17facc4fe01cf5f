package import HTTPModel
package import Primitives

/// Whether and for how long an answer is kept.
package enum CarelessStoring {
  /// How long this answer is kept, or nil.
  ///
  /// - Parameter keep: How long where nobody asks its fields.
  package static func lifetime(
    of answer: ResponseHead, to request: RequestHead, by rules: CarelessRules, keep: Seconds
  ) -> Seconds? {
    guard rules.storesEveryMethod || request.method == .get || request.method == .head else {
      return nil
    }
    // A 304 and a 206 are answers to something that only this client has, or wants.
    guard (200..<500).contains(answer.status.code), answer.status != .notModified,
      answer.status != .partialContent
    else { return nil }
    guard rules.keepsSetCookie || !answer.fields.contains(.setCookie) else { return nil }
    switch rules.storing {
    case .nothing: return nil
    case .everything: return keep
    case .whatFieldsAllow: return allowedLifetime(of: answer, to: request, rules)
    }
  }

  /// RFC 9111 §3 and §4.2.1 as far as a test of faults needs them: explicit freshness by
  /// `Cache-Control`, and nothing against it.
  private static func allowedLifetime(
    of answer: ResponseHead, to request: RequestHead, _ rules: CarelessRules
  ) -> Seconds? {
    let directives = answer.fields.listMembers(of: .cacheControl)
    func says(_ name: StaticString) -> Bool {
      directives.contains { $0.prefix { $0 != ASCII.equals }.equalsIgnoringASCIICase(name) }
    }
    if says("no-store") || says("private") || says("no-cache") { return nil }
    if rules.heedsVary, answer.fields.listMembers(of: .vary).contains([0x2A]) { return nil }
    let mayBeShared = says("public") || says("s-maxage") || says("must-revalidate")
    // Once stripped, nobody knows that there was a credential: that is the mistake.
    let isPersonal = request.fields.contains(.authorization) && !rules.stripsAuthorization
    guard mayBeShared || !isPersonal else { return nil }
    let seconds = value(of: "s-maxage", in: directives) ?? value(of: "max-age", in: directives)
    guard let seconds, seconds > 0 else { return nil }
    return Seconds(seconds)
  }

  private static func value(
    of name: StaticString, in directives: [ArraySlice<UInt8>]
  ) -> Int64? {
    for directive in directives {
      guard let equals = directive.firstIndex(of: ASCII.equals),
        directive[..<equals].equalsIgnoringASCIICase(name)
      else { continue }
      return directive[(equals + 1)...].decimalValue()
    }
    return nil
  }

  /// The request fields that tell answers under one key apart.
  static func varying(_ answer: ResponseHead, by rules: CarelessRules) -> [[UInt8]] {
    guard rules.heedsVary else { return [] }
    return answer.fields.listMembers(of: .vary).map { Array($0) }
  }
}
