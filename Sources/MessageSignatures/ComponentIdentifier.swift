internal import Primitives

/// What is derived from a message and is no field (RFC 9421 §2.2).
package enum DerivedComponent: UInt8, CaseIterable, Hashable, Sendable {
  case method, targetURI, authority, scheme, requestTarget, path, query, status

  /// As it is written: `@method`.
  package var name: StaticString {
    switch self {
    case .method: "@method"
    case .targetURI: "@target-uri"
    case .authority: "@authority"
    case .scheme: "@scheme"
    case .requestTarget: "@request-target"
    case .path: "@path"
    case .query: "@query"
    case .status: "@status"
    }
  }
}

/// One component that a signature covers (RFC 9421 §2): what it is, of which message, and how its
/// value is written.
package struct ComponentIdentifier: Sendable {
  package enum Subject: Hashable, Sendable {
    case derived(DerivedComponent)
    /// One parameter of the query, by its name as RFC 9421 §2.2.8 encodes it.
    case queryParameter([UInt8])
    /// A field, by its name in lower case.
    case field([UInt8])
  }

  /// How the value of a field is written.
  package enum Form: Hashable, Sendable {
    /// The lines, trimmed, with a comma and a space between them (RFC 9421 §2.1).
    case plain
    /// Read as a structured field and written again (`sf`, §2.1.1).
    case strict
    /// One member of a dictionary (`key`, §2.1.2). `sf` beside it changes no value, but makes
    /// another identifier.
    case member([UInt8], besideStrict: Bool)
    /// Each line as a byte sequence (`bs`, §2.1.3).
    case wrapped
  }

  package let subject: Subject
  package let form: Form
  /// Whether it is taken from the request that the signed response answers (`req`, §2.4).
  package let isOfRequest: Bool
  /// The identifier as it is written, its parameters in their own order: `"@method";req`.
  package let text: [UInt8]

  init(subject: Subject, form: Form, isOfRequest: Bool, text: [UInt8]) {
    self.subject = subject
    self.form = form
    self.isOfRequest = isOfRequest
    self.text = text
  }

  /// `"@method"` or, of the answered request, `"@method";req`.
  package init(_ component: DerivedComponent, ofRequest: Bool = false) {
    let name = [ASCII.quote] + [UInt8](ascii: component.name) + [ASCII.quote]
    self.init(
      subject: .derived(component), form: .plain, isOfRequest: ofRequest,
      text: ofRequest ? name + [UInt8](ascii: ";req") : name)
  }

  /// A field as its lines stand. The name is a field name; its case does not matter.
  package init(field name: some Collection<UInt8>, ofRequest: Bool = false) {
    let lowercased = name.asciiLowercased()
    let quoted = [ASCII.quote] + lowercased + [ASCII.quote]
    self.init(
      subject: .field(lowercased), form: .plain, isOfRequest: ofRequest,
      text: ofRequest ? quoted + [UInt8](ascii: ";req") : quoted)
  }

  /// Whether this covers everything that `demanded` names: the same thing of the same message, with
  /// its whole value. A field may be covered in any form but by one of its members.
  package func covers(_ demanded: ComponentIdentifier) -> Bool {
    guard subject == demanded.subject, isOfRequest == demanded.isOfRequest else { return false }
    if form == demanded.form { return true }
    if case .member = form { return false }
    if case .member = demanded.form { return false }
    return true
  }
}

/// Equal are identifiers whose parameters differ in their order alone (RFC 9421 §2).
extension ComponentIdentifier: Hashable {
  package static func == (left: Self, right: Self) -> Bool {
    left.subject == right.subject && left.form == right.form
      && left.isOfRequest == right.isOfRequest
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(subject)
    hasher.combine(form)
    hasher.combine(isOfRequest)
  }
}
