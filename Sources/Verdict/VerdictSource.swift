package import HTTPModel
package import Primitives

/// Which name of a client certificate counts.
package enum CertificateName: UInt8, Hashable, Sendable, CaseIterable {
  /// The subject's common name; the last and most specific one.
  case commonName
  /// Subject alternative names (RFC 5280 §4.2.1.6). A certificate with several of the asked kind
  /// names nobody: that is refused, not guessed.
  case email, dns, uri
  /// The whole subject as one line (RFC 4514).
  case subject

  /// As written in settings after `certificate:`.
  package var name: StaticString {
    switch self {
    case .commonName: "common-name"
    case .email: "email"
    case .dns: "dns"
    case .uri: "uri"
    case .subject: "subject"
    }
  }
}

/// Where in a request a value stands.
package enum RequestSource: Hashable, Sendable {
  /// `json:/username`: a string (or the text of a number) in a JSON body.
  case json(JSONPointer)
  /// `form:user`: a field of an `application/x-www-form-urlencoded` body.
  case form([UInt8])
  /// `query:user`: a parameter of the query, decoded as a form is.
  case query([UInt8])
  /// `basic`: the user name of `Authorization: Basic` (RFC 7617).
  case basicUserName
  /// `field:X-User`: a header field.
  case field(FieldName)
  /// `certificate:common-name`: a name of the client certificate.
  case clientCertificate(CertificateName)
  /// `cookie:session`: a cookie.
  case cookie([UInt8])
  /// `method`: the request's method.
  case method
  /// `target`: path and query as they came.
  case target

  /// Parses the form written in settings; what each case above shows.
  package init(parsing text: some Collection<UInt8>) throws(SourceError) {
    let bytes = Array(text)
    if bytes.equals("basic") {
      self = .basicUserName
      return
    }
    if bytes.equals("method") {
      self = .method
      return
    }
    if bytes.equals("target") {
      self = .target
      return
    }
    let split = try splitSource(bytes)
    let rest = split.rest
    switch split.scheme {
    case .json: self = .json(try pointer(rest))
    case .form: self = .form(try named(rest))
    case .query: self = .query(try named(rest))
    case .field: self = .field(try fieldName(rest))
    case .certificate:
      guard let name = CertificateName.allCases.first(where: { rest.equals($0.name) }) else {
        throw .unknownCertificateName
      }
      self = .clientCertificate(name)
    case .cookie: self = .cookie(try named(rest))
    case .location, .claim: throw .notInRequests
    }
  }

  /// Whether the value can only be read from a body held whole.
  package var needsBody: Bool {
    switch self {
    case .json, .form: true
    case .query, .basicUserName, .field, .clientCertificate, .cookie, .method, .target: false
    }
  }

  /// The form written in settings.
  package var text: [UInt8] {
    switch self {
    case .json(let pointer): [UInt8](ascii: "json:") + pointer.text
    case .form(let name): [UInt8](ascii: "form:") + name
    case .query(let name): [UInt8](ascii: "query:") + name
    case .basicUserName: [UInt8](ascii: "basic")
    case .field(let name): [UInt8](ascii: "field:") + name.bytes
    case .clientCertificate(let name): [UInt8](ascii: "certificate:") + [UInt8](ascii: name.name)
    case .cookie(let name): [UInt8](ascii: "cookie:") + name
    case .method: [UInt8](ascii: "method")
    case .target: [UInt8](ascii: "target")
    }
  }
}

/// Where in a verdict a value stands.
package enum VerdictSource: Hashable, Sendable {
  /// `status`: the status code as three digits.
  case status
  /// `location`: the value of `Location`.
  case location
  /// `location:code`: a parameter of the query or fragment of `Location`. Two of it are refused.
  case locationParameter([UInt8])
  /// `field:Remote-User`: a header field. Several lines of it are refused.
  case field(FieldName)
  /// `cookie:session`: the value of a `Set-Cookie` of that name. Two of the name are refused.
  case cookie([UInt8])
  /// `form:active`: a field of an `application/x-www-form-urlencoded` body.
  case form([UInt8])
  /// `json:/user/name`: a value in a JSON body.
  case json(JSONPointer)
  /// `claim:/sub`: a value in what a signed verdict says.
  case claim(JSONPointer)

  /// Parses the form written in settings; what each case above shows.
  package init(parsing text: some Collection<UInt8>) throws(SourceError) {
    let bytes = Array(text)
    if bytes.equals("status") {
      self = .status
      return
    }
    if bytes.equals("location") {
      self = .location
      return
    }
    let split = try splitSource(bytes)
    let rest = split.rest
    switch split.scheme {
    case .json: self = .json(try pointer(rest))
    case .claim: self = .claim(try pointer(rest))
    case .form: self = .form(try named(rest))
    case .cookie: self = .cookie(try named(rest))
    case .field: self = .field(try fieldName(rest))
    case .location: self = .locationParameter(try named(rest))
    case .query, .certificate: throw .notInVerdicts
    }
  }

  /// Whether the value stands in the body, so that a coded or absent body leaves it unknown.
  package var needsBody: Bool {
    switch self {
    case .json, .form: true
    case .status, .location, .locationParameter, .field, .cookie, .claim: false
    }
  }

  /// The form written in settings.
  package var text: [UInt8] {
    switch self {
    case .status: [UInt8](ascii: "status")
    case .location: [UInt8](ascii: "location")
    case .locationParameter(let name): [UInt8](ascii: "location:") + name
    case .field(let name): [UInt8](ascii: "field:") + name.bytes
    case .cookie(let name): [UInt8](ascii: "cookie:") + name
    case .form(let name): [UInt8](ascii: "form:") + name
    case .json(let pointer): [UInt8](ascii: "json:") + pointer.text
    case .claim(let pointer): [UInt8](ascii: "claim:") + pointer.text
    }
  }
}

/// Why a text names no source.
package enum SourceError: Error, Hashable, Sendable {
  case unknownKind
  case emptyName
  case badFieldName
  case unknownCertificateName
  case notInRequests
  case notInVerdicts
  case pointer(JSONPointerError)

  /// The sentence for the operator.
  package var explanation: StaticString {
    switch self {
    case .unknownKind:
      """
      write json:/POINTER, form:NAME, field:NAME or cookie:NAME; in requests also query:NAME, \
      basic, certificate:NAME, method or target; in verdicts also status, location, location:NAME \
      or claim:/POINTER
      """
    case .emptyName: "a name is missing after ':'"
    case .badFieldName: "a field name is made of token characters (RFC 9110 §5.6.2)"
    case .unknownCertificateName: "a certificate has common-name, email, dns, uri and subject"
    case .notInRequests: "location:NAME and claim:/POINTER stand in verdicts only"
    case .notInVerdicts: "query:NAME and certificate:NAME stand in requests only"
    case .pointer(let error): error.explanation
    }
  }
}

private enum SourceScheme {
  case json, form, query, field, certificate, cookie, location, claim
}

/// The kind of a source and what follows its colon.
private struct SplitSource {
  var scheme: SourceScheme
  var rest: ArraySlice<UInt8>
}

private func splitSource(_ bytes: [UInt8]) throws(SourceError) -> SplitSource {
  guard let colon = bytes.firstIndex(of: ASCII.colon) else { throw .unknownKind }
  let name = bytes[..<colon]
  let rest = bytes[(colon + 1)...]
  if name.equals("json") { return SplitSource(scheme: .json, rest: rest) }
  if name.equals("form") { return SplitSource(scheme: .form, rest: rest) }
  if name.equals("query") { return SplitSource(scheme: .query, rest: rest) }
  if name.equals("field") || name.equals("header") {
    return SplitSource(scheme: .field, rest: rest)
  }
  if name.equals("certificate") { return SplitSource(scheme: .certificate, rest: rest) }
  if name.equals("claim") { return SplitSource(scheme: .claim, rest: rest) }
  if name.equals("cookie") { return SplitSource(scheme: .cookie, rest: rest) }
  if name.equals("location") { return SplitSource(scheme: .location, rest: rest) }
  throw .unknownKind
}

private func pointer(_ rest: ArraySlice<UInt8>) throws(SourceError) -> JSONPointer {
  do throws(JSONPointerError) {
    return try JSONPointer(parsing: rest)
  } catch {
    throw .pointer(error)
  }
}

private func named(_ rest: ArraySlice<UInt8>) throws(SourceError) -> [UInt8] {
  guard !rest.isEmpty else { throw .emptyName }
  return Array(rest)
}

private func fieldName(_ rest: ArraySlice<UInt8>) throws(SourceError) -> FieldName {
  guard !rest.isEmpty else { throw .emptyName }
  guard let name = FieldName(rest) else { throw .badFieldName }
  return name
}
