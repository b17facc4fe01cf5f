package import Cryptography
internal import Primitives

/// Keys that verify, and how one is found for a token. A value: a rotation makes another one.
package struct KeySet: Sendable {
  /// A key, and the name by which tokens ask for it.
  package struct Entry: Sendable {
    /// `kid`; nil for a key that was pinned without one.
    package let identifier: [UInt8]?
    package let key: VerificationKey

    package init(identifier: [UInt8]?, key: VerificationKey) {
      self.identifier = identifier
      self.key = key
    }
  }

  package let entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// A set of one key, whatever a token calls it.
  package init(pinned key: VerificationKey) {
    entries = [Entry(identifier: nil, key: key)]
  }

  /// A set without keys: nothing is verified by it.
  package static let empty = KeySet([])

  package var isEmpty: Bool { entries.isEmpty }

  /// The one key for a token with this header.
  ///
  /// With a `kid`: the keys that carry it, and where none does, those that carry no name. Without:
  /// all of them. Of these exactly one must have the algorithm that the token names, so that the
  /// token's words can only agree with a key and never choose how it is used.
  func key(for header: CompactJWS.Header) throws(JWSRefusal) -> VerificationKey {
    guard !entries.isEmpty else { throw .noKeys }
    guard SignatureAlgorithm(joseName: header.algorithm) != nil else {
      throw .algorithmUnsupported
    }
    guard let identifier = header.keyIdentifier else { return try only(for: header) { _ in true } }
    if entries.contains(where: { $0.identifier == identifier }) {
      return try only(for: header) { $0 == identifier }
    }
    guard entries.contains(where: { $0.identifier == nil }) else { throw .keyUnknown }
    return try only(for: header) { $0 == nil }
  }

  private func only(
    for header: CompactJWS.Header, among isCandidate: ([UInt8]?) -> Bool
  ) throws(JWSRefusal) -> VerificationKey {
    var found: VerificationKey?
    for entry in entries
    where isCandidate(entry.identifier) && entry.key.algorithm.isNamed(header.algorithm) {
      guard found == nil else { throw .keyAmbiguous }
      found = entry.key
    }
    guard let found else { throw .algorithmMismatch }
    return found
  }
}
