package import HTTPModel
internal import Primitives

/// Makes a request fit to be answered by a verdict, and notes in the facts what was sent.
///
/// In `warn` and `enforce`: on GET and HEAD the preconditions and ranges that could bring an old or
/// partial answer go (`If-Match` and `If-Unmodified-Since` stay); identity coding is asked for; the
/// client's own token gives way to `token`; caches on the way are told to stand aside. `Txn-Token`
/// is somebody else's and stays. In `audit` nothing changes but the token where the rule sends one.
/// Called after hop-by-hop fields are gone and the route's field rules are applied, so that no rule
/// undoes it.
package func prepareDecisionRequest(
  _ head: inout RequestHead, token: [UInt8], facts: inout RequestFacts, under rule: DecisionRule
) {
  if rule.mode != .audit { removeReuse(from: &head) }
  facts.wasConditional =
    head.fields.contains(.ifNoneMatch) || head.fields.contains(.ifModifiedSince)
    || head.fields.contains(.range)
  if rule.mode != .audit, let type = rule.binding.acceptedType { head.fields.set(.accept, type) }
  if case .legacy(let legacy) = rule.binding, rule.mode != .audit {
    legacy.buster?.apply(token, to: &head)
  } else if rule.sendsToken, let field = rule.binding.tokenField {
    if case .echo(let echo) = rule.binding, let parameter = echo.parameter {
      CacheBuster.query(parameter).apply(token, to: &head)
    } else {
      head.fields.set(field, token)
    }
    facts.token = token
  } else if let field = facts.fieldForStandIn(under: rule), !token.isEmpty {
    head.fields.set(field, token)
    facts.standIn(token)
  }
  if !facts.token.isEmpty, rule.binding.comparesQuestion { facts.asked = AskedRequest(of: head) }
}

extension RequestFacts {
  /// Whether a fresh value goes out with the request: the token, one in place of the consumer's
  /// own, or what keeps caches from knowing the request again.
  package func needsFreshValue(under rule: DecisionRule) -> Bool {
    if rule.sendsToken || fieldForStandIn(under: rule) != nil { return true }
    guard case .legacy(let legacy) = rule.binding else { return false }
    return legacy.buster != nil && rule.mode != .audit
  }
}

extension RequestFacts {
  /// Takes the token out of an answer that stood in for one the consumer did not send.
  package func removeStandIn(from fields: inout FieldSection, under rule: DecisionRule) {
    guard tokenIsStandIn, case .field(let name) = rule.binding.proof else { return }
    fields.removeAll(name)
  }
}

extension CacheBuster {
  /// Puts a fresh value where it makes the request another one for a cache.
  fileprivate func apply(_ value: [UInt8], to head: inout RequestHead) {
    switch self {
    case .field(let name): head.fields.set(name, value)
    case .query(let name):
      var target = Array(head.target)
      target.append(target.contains(ASCII.questionMark) ? UInt8(ascii: "&") : ASCII.questionMark)
      target += name
      target.append(ASCII.equals)
      target += value
      head.target = target
    }
  }
}

private func removeReuse(from head: inout RequestHead) {
  let isRead = head.method == .get || head.method == .head
  head.fields.removeAll { line in
    switch line.known {
    case .acceptEncoding, .cacheControl, .pragma, .transactionToken: true
    case .ifNoneMatch, .ifModifiedSince, .ifRange, .range: isRead
    default: false
    }
  }
  head.fields.append(.acceptEncoding, "identity")
  head.fields.append(.cacheControl, "no-cache, no-store")
  head.fields.append(.pragma, "no-cache")
}

/// Gives a decision the header set that keeps it out of every cache (RFC 9111 §5.2.2, RFC 9213 and
/// what vendors read), and takes away what invites storing or validating it.
///
/// `must-revalidate`, `public` and `s-maxage` must not appear: each permits sharing a response to
/// an authorized request (RFC 9111 §3.5). `rule` is nil for an undeclared decision. Not in `audit`.
///
/// Departure: RFC 9110 §12.5.5 forbids a proxy to generate `Vary: *`; a gateway answers as the
/// origin.
package func hardenDecisionResponse(_ fields: inout FieldSection, under rule: DecisionRule?) {
  let keepsETag = rule?.keepETag ?? false
  let proofs = proofsToRemove(rule)
  fields.removeLines(whereNamed: { line, name in
    switch line.known {
    case .cacheControl, .pragma, .expires, .surrogateControl, .cdnCacheControl, .edgeControl,
      .xAccelExpires, .vary, .lastModified, .age, .cacheGroups:
      true
    case .etag: !keepsETag
    case nil:
      name.suffix(14).equalsIgnoringASCIICase("-cache-control")
        || (proofs?.isNamed(name) ?? false)
    case .some(let known): proofs?.isKnown(known) ?? false
    }
  })
  fields.append(.cacheControl, "private, no-store")
  fields.append(.pragma, "no-cache")
  fields.append(.expires, "0")
  fields.append(.surrogateControl, "no-store")
  fields.append(.cdnCacheControl, "no-store")
  fields.append(.xAccelExpires, "0")
  fields.append(.vary, "*")
}

/// The fields a proof came back in: the one that is looked at, and the one the token went out in,
/// which a service that proves by a member may have copied as well.
private struct ProofFields {
  let token: FieldName
  let proof: FieldName?

  func isKnown(_ known: KnownField) -> Bool { token.known == known || proof?.known == known }

  func isNamed(_ name: ArraySlice<UInt8>) -> Bool {
    for field in [token, proof] {
      guard let field, field.known == nil else { continue }
      if name.equalsIgnoringASCIICase(field.bytes) { return true }
    }
    return false
  }
}

/// The fields of the proof, where the consumer did not ask for it. An undeclared decision keeps
/// all.
private func proofsToRemove(_ rule: DecisionRule?) -> ProofFields? {
  guard let rule, !rule.deliverProof else { return nil }
  if case .httpSignature = rule.binding {
    // Other signatures go with ours: what they cover is changed here.
    return ProofFields(token: FieldName(.signatureInput), proof: FieldName(.signature))
  }
  // The consumer's own identifier is what it looks for in the answer.
  guard rule.token == .minted, let token = rule.binding.tokenField else { return nil }
  if case .field(let name) = rule.binding.proof { return ProofFields(token: token, proof: name) }
  return ProofFields(token: token, proof: nil)
}

/// What becomes of a response whose verification is done.
package enum Delivery: Equatable, Sendable {
  /// Mode `audit`: as it came.
  case untouched
  /// Mode `enforce`: a yes goes out with the header set, and with the proof that it was checked;
  /// nothing else can make this case.
  case allow(VerifiedVerdict)
  /// A no, with the header set.
  case denial
  /// With the header set although nothing is proved: mode `warn`, which says why in `Proxy-Status`,
  /// and decisions that no rule declares.
  case hardened(note: RefusalReason?)
  case refuse(RefusalReason)
}

extension VerificationOutcome {
  /// What becomes of the response in a mode.
  package func delivery(in mode: EnforcementMode) -> Delivery {
    switch (mode, self) {
    case (.audit, _): .untouched
    case (.warn, _): .hardened(note: reason)
    case (.enforce, .verified(let verdict)): .allow(verdict)
    case (.enforce, .denied): .denial
    case (.enforce, .refused(let reason)): .refuse(reason)
    case (.enforce, .untested): .refuse(.tokenNotSent)
    }
  }
}

extension UndeclaredDecisionPolicy {
  /// What becomes of a decision that no rule declares. It is reported in either case.
  package var delivery: Delivery {
    switch self {
    case .deliver: .hardened(note: nil)
    case .refuse: .refuse(.undeclaredDecision)
    }
  }
}

/// Appends to `Proxy-Status` (RFC 9209) that a verdict was delivered although a check failed.
package func noteFailedCheck(
  _ reason: RefusalReason, in fields: inout FieldSection, by proxyName: [UInt8]
) {
  fields.append(.proxyStatus, proxyStatus(reason, proxyName: proxyName, isError: false))
}

/// `name; error=…; details="BND-01 token-missing"`. The name is a token or is quoted.
func proxyStatus(_ reason: RefusalReason, proxyName: [UInt8], isError: Bool) -> [UInt8] {
  var value: [UInt8] = []
  let isToken =
    !proxyName.isEmpty && proxyName.allSatisfy(ASCII.isTokenCharacter)
    && ASCII.isAlpha(proxyName[0])
  if isToken {
    value += proxyName
  } else {
    value.append(ASCII.quote)
    for byte in proxyName where byte >= 0x20 && byte < 0x7F {
      if byte == ASCII.quote || byte == ASCII.backslash { value.append(ASCII.backslash) }
      value.append(byte)
    }
    value.append(ASCII.quote)
  }
  if isError {
    value.append(ascii: "; error=")
    value.append(ascii: reason.proxyError)
  }
  value.append(ascii: "; details=\"")
  value += Array(reason.check.rawValue.utf8)
  value.append(ASCII.space)
  value.append(ascii: reason.code)
  value.append(ASCII.quote)
  return value
}
