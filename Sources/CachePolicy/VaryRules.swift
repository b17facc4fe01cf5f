package import HTTPModel
internal import Primitives

/// How selecting fields of requests are brought together before anything is looked up (RFC 9111
/// §4.1): declared by the operator, field by field.
///
/// The request itself is changed, so that the origin answers exactly what the key says: a cache
/// that took `gzip, br` and `gzip` for the same and let the origin see the difference would give
/// one client what the other asked for.
package struct VaryRules: Sendable, Equatable {
  /// The codings the origin has, best first: `Accept-Encoding` becomes the one of them that the
  /// client likes best, or goes.
  package var codings: [[UInt8]]?
  /// The languages the origin has, best first: `Accept-Language` becomes the one of them that the
  /// client likes best, or goes.
  package var languages: [[UInt8]]?
  /// The cookies that count; all others go.
  package var cookies: [[UInt8]]?

  package init() {}

  package var isEmpty: Bool { codings == nil && languages == nil && cookies == nil }

  /// Brings the fields of a GET or HEAD together, before `lookupDecision`. Called where
  /// `rules.hasRareRules`.
  package func normalise(_ fields: inout FieldSection) {
    if let codings, fields.contains(.acceptEncoding) {
      let names = codings.map { $0.asciiLowercased() }
      let choice = Preferences(fields, .acceptEncoding)?.choice(among: names)
      replace(.acceptEncoding, by: choice, in: &fields)
    }
    if let languages, fields.contains(.acceptLanguage) {
      let choice = Preferences(fields, .acceptLanguage)?.choice(amongLanguages: languages)
      replace(.acceptLanguage, by: choice, in: &fields)
    }
    if let cookies, fields.contains(.cookie) { keepOnly(cookies, in: &fields) }
  }

  private func replace(_ field: KnownField, by value: [UInt8]?, in fields: inout FieldSection) {
    if let value { fields.set(field, value) } else { fields.removeAll(field) }
  }

  /// In the order of the rule, so that the order of cookies selects nothing.
  private func keepOnly(_ names: [[UInt8]], in fields: inout FieldSection) {
    var line: [UInt8] = []
    for name in names {
      for value in cookieValues(named: name, in: fields) {
        if !line.isEmpty { line.append(contentsOf: [ASCII.semicolon, ASCII.space]) }
        line.append(contentsOf: name)
        line.append(ASCII.equals)
        line.append(contentsOf: value)
      }
    }
    replace(.cookie, by: line.isEmpty ? nil : line, in: &fields)
  }
}
