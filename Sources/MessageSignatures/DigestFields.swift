package import HTTPModel
internal import Primitives
internal import RawStructuredFieldValues

/// The algorithms of digest fields that count (RFC 9530 §5). The registry's deprecated ones (`md5`,
/// `sha`, `unixsum`, `unixcksum`, `adler`, `crc32c`) prove nothing and are passed over.
package enum ContentDigestAlgorithm: UInt8, CaseIterable, Hashable, Sendable {
  case sha256, sha512

  /// As the registry writes it.
  package var name: StaticString { self == .sha256 ? "sha-256" : "sha-512" }
  /// Bytes in a digest.
  package var byteCount: Int { self == .sha256 ? 32 : 64 }
}

/// A digest that a message claims for its content.
package struct ClaimedDigest: Hashable, Sendable {
  package let algorithm: ContentDigestAlgorithm
  package let bytes: [UInt8]

  package init(algorithm: ContentDigestAlgorithm, bytes: [UInt8]) {
    self.algorithm = algorithm
    self.bytes = bytes
  }
}

/// `Content-Digest`, `Repr-Digest` (RFC 9530 §2, §3) and `Want-Content-Digest` (§4).
package enum DigestFields {
  /// The fields that carry digests.
  package enum Field: Sendable {
    /// Of the content as it is sent.
    case content
    /// Of the representation: the same, where the content is all of it and nothing is coded
    /// besides.
    case representation

    package var name: KnownField { self == .content ? .contentDigest : .reprDigest }
  }

  /// The digests a message claims, each of which must be right: one at least, by an algorithm that
  /// counts.
  package static func claimed(
    _ field: Field, in fields: FieldSection
  ) throws(SignatureFault) -> [ClaimedDigest] {
    guard fields.contains(field.name) else { throw .digestMissing }
    if let plain = fields.only(field.name).flatMap(CanonicalSignature.digest) { return [plain] }
    let dictionary = try StructuredDictionary(fields.values(of: field.name))
    var claims: [ClaimedDigest] = []
    for (key, member) in dictionary.members {
      guard case .item(let item) = member,
        case .undecodedByteSequence(let text) = item.rfc9651BareItem
      else { throw .digestMalformed }
      let known = ContentDigestAlgorithm.allCases.first {
        key.utf8.elementsEqual([UInt8](ascii: $0.name))
      }
      guard let known else { continue }
      guard let bytes = Base64.decode(text.utf8), bytes.count == known.byteCount else {
        throw .digestMalformed
      }
      claims.append(ClaimedDigest(algorithm: known, bytes: bytes))
    }
    guard !claims.isEmpty else { throw .digestUnknown }
    return claims
  }

  /// The value of a field that claims one digest: `sha-256=:…:`.
  package static func fieldValue(_ digest: ClaimedDigest) -> [UInt8] {
    [UInt8](ascii: digest.algorithm.name) + [ASCII.equals, ASCII.colon]
      + Base64.encode(digest.bytes) + [ASCII.colon]
  }

  /// The algorithm a peer would rather have (`Want-Content-Digest`): the one it weighs most, the
  /// stronger of two it weighs alike. Nil where it wants none that counts, or cannot be read: a
  /// wish is no demand.
  package static func wanted(in fields: FieldSection) -> ContentDigestAlgorithm? {
    guard fields.contains(.wantContentDigest),
      let dictionary = try? StructuredDictionary(fields.values(of: .wantContentDigest))
    else { return nil }
    var best: (algorithm: ContentDigestAlgorithm, weight: Int64)?
    for (key, member) in dictionary.members {
      guard case .item(let item) = member, case .integer(let weight) = item.rfc9651BareItem,
        (1...10).contains(weight),
        let known = ContentDigestAlgorithm.allCases.first(where: {
          key.utf8.elementsEqual([UInt8](ascii: $0.name))
        })
      else { continue }
      if let best, (best.weight, best.algorithm.rawValue) > (weight, known.rawValue) { continue }
      best = (known, weight)
    }
    return best?.algorithm
  }
}
