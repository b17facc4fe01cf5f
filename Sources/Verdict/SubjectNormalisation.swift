internal import Primitives

/// What does not count where the user of a verdict is compared with the user of the request.
/// Nothing but what is declared here is folded; without any of it names are bytes.
package struct SubjectNormalisation: Hashable, Sendable {
  /// `A`–`Z` count as `a`–`z`; nothing else is folded.
  package var ignoresASCIICase: Bool
  /// Canonically equivalent spellings are the same name (Unicode normalisation form C on both).
  package var isCanonical: Bool
  /// What may stand around a name: `ann@REALM` and `REALM\ann` are `ann`. Realms themselves are
  /// compared without regard to ASCII case. One is taken away at most.
  package var realms: [[UInt8]]

  package init(
    ignoresASCIICase: Bool = false, isCanonical: Bool = false, realms: [[UInt8]] = []
  ) {
    self.ignoresASCIICase = ignoresASCIICase
    self.isCanonical = isCanonical
    self.realms = realms.filter { !$0.isEmpty }
  }

  /// Byte by byte.
  package static let none = SubjectNormalisation()

  /// Whether both are the name of one user, as far as this declares.
  package func isSame(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    if one == other { return true }
    let left = withoutRealm(one[...])
    let right = withoutRealm(other[...])
    if isCanonical { return isCanonicallySame(left, right) }
    return ignoresASCIICase ? left.equalsIgnoringASCIICase(right) : left == right
  }

  /// The name without the one declared realm around it; itself where nothing would be left.
  func withoutRealm(_ name: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    for realm in realms where name.count > realm.count + 1 {
      let afterPrefix = name.startIndex + realm.count
      if name[afterPrefix] == ASCII.backslash,
        name[..<afterPrefix].equalsIgnoringASCIICase(realm)
      {
        return name[(afterPrefix + 1)...]
      }
      let beforeSuffix = name.endIndex - realm.count - 1
      if name[beforeSuffix] == at, name[(beforeSuffix + 1)...].equalsIgnoringASCIICase(realm) {
        return name[..<beforeSuffix]
      }
    }
    return name
  }

  /// Departure: users are compared as bytes everywhere else. Here the operator declared that
  /// canonical equivalence counts, and that is what the equality of `String` and `Character` in
  /// Swift's library is defined as. What is no UTF-8 has no equivalent and is compared as bytes.
  private func isCanonicallySame(
    _ one: ArraySlice<UInt8>, _ other: ArraySlice<UInt8>
  ) -> Bool {
    guard let left = String(validating: one, as: UTF8.self),
      let right = String(validating: other, as: UTF8.self)
    else { return one == other }
    guard ignoresASCIICase else { return left == right }
    // By character, so that a letter with a mark is one thing in either spelling, and never folded.
    return left.elementsEqual(right) { $0 == $1 || isOtherCase($0, of: $1) }
  }

  private func isOtherCase(_ one: Character, of other: Character) -> Bool {
    otherCase(of: one) == other || otherCase(of: other) == one
  }

  /// The same ASCII letter in the other case; nil for everything else.
  private func otherCase(of character: Character) -> Character? {
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1,
      scalar.isASCII, ASCII.isAlpha(UInt8(truncatingIfNeeded: scalar.value))
    else { return nil }
    return Character(Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value) ^ 0x20))
  }
}

private let at = UInt8(ascii: "@")
