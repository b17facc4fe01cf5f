/// How values of selecting fields are brought together before they are compared (RFC 9111 §4.1):
/// declared by the operator, field by field. What a stored response was selected with says by which
/// rule, so that a changed rule never selects wrongly.
package struct VaryRules: Sendable, Equatable {
  /// The codings the origin has, best first: of `Accept-Encoding` only the first of them that the
  /// client accepts counts.
  package var codings: [[UInt8]]?
  /// The languages the origin has, best first: of `Accept-Language` only the one that the client
  /// likes best counts.
  package var languages: [[UInt8]]?
  /// The cookies that count where `Vary` says `Cookie`; all others are as if they were not there.
  package var cookies: [[UInt8]]?

  package init() {}

  package var isEmpty: Bool { codings == nil && languages == nil && cookies == nil }
}
