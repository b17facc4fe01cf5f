/// How large what peers send may be. What is beyond is refused.
package enum JOSELimits {
  /// Bytes of a token in the compact form.
  package static let maximumTokenBytes = 65536
  /// Characters of a protected header, before decoding.
  package static let maximumHeaderCharacters = 4096
  package static let maximumKeyIdentifierBytes = 256
  /// Arrays and objects within one another, in headers and claims.
  package static let maximumDepth = 32
  /// Members of one object.
  package static let maximumMembers = 256
  /// Entries of `aud`.
  package static let maximumAudiences = 64
  /// Bytes of a key set.
  package static let maximumKeySetBytes = 262_144
  /// Keys of a set; more are refused with the whole set.
  package static let maximumKeys = 64
}
