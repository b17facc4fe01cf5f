internal import Primitives

/// Fields outside the standards by which requests say who asks: API keys and session tokens.
package enum CredentialFields {
  private static let names: [StaticString] = [
    "X-API-Key", "API-Key", "ApiKey", "X-Auth-Token", "X-Access-Token", "X-Session-Token",
    "X-Amz-Security-Token", "X-Vault-Token", "X-Auth-Key",
  ]

  /// Whether the field of this name, in any case, is one of them.
  package static func contain(_ name: some Collection<UInt8>) -> Bool {
    // All of them begin with X or A and have 6 to 20 letters: most fields are told apart by that.
    guard (6...20).contains(name.count), let first = name.first,
      first | 0x20 == 0x78 || first | 0x20 == 0x61
    else { return false }
    return names.contains { name.equalsIgnoringASCIICase($0) }
  }
}

extension FieldSection {
  /// Whether a line of the section is such a field, and `isExcused` does not say that its name is
  /// looked after.
  package func carriesCredentialField(
    unless isExcused: (ArraySlice<UInt8>) -> Bool = { _ in false }
  ) -> Bool {
    for line in lines where line.knownRawValue == 255 {
      let name = name(of: line)
      if CredentialFields.contain(name), !isExcused(name) { return true }
    }
    return false
  }
}
