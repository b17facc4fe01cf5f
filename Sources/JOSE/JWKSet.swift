package import Cryptography
internal import Primitives

/// A key set as it was read (RFC 7517 §5): the keys that may be used, and what became of others.
package struct JWKSet: Sendable {
  /// Where a set comes from, which decides whether a secret may stand in it.
  package enum Origin: Hashable, Sendable {
    /// Public, by a URL or a file to hand around: a secret in it is known to all.
    case published
    /// The operator's own file, pinned: it may hold a shared secret for HS256.
    case pinned
  }

  /// A key that is not used, by its place in the set, from 0.
  package struct Note: Hashable, Sendable {
    package let index: Int
    package let refusal: JWKRefusal
  }

  package let keys: KeySet
  package let notes: [Note]

  init(keys: KeySet, notes: [Note]) {
    self.keys = keys
    self.notes = notes
  }

  /// Reads a set strictly. A key that cannot be used is noted and left out; a set that cannot be
  /// read is refused whole.
  ///
  /// Two keys with one `kid` and one algorithm are both left out, unless they are the same key: a
  /// token could not say which one it means.
  ///
  /// - Parameter rsaAlgorithm: What RSA keys sign with that do not say it by `alg`. The message is
  ///   never asked.
  package init(
    parsing text: Span<UInt8>, from origin: Origin,
    rsaAlgorithm: SignatureAlgorithm = .rsaPKCS1SHA256
  ) throws(JWKSetRefusal) {
    let array = try Self.keyArray(of: text)
    var readings: [Reading] = []
    var notes: [Note] = []
    var index = 0
    var elements = JSONElements(of: array)
    while let element = elements.next(in: text) {
      guard index < JOSELimits.maximumKeys else { throw .tooManyKeys }
      do throws(JWKRefusal) {
        let members = try JWKMembers(element.value, in: text)
        let key = try members.verificationKey(from: origin, rsaAlgorithm: rsaAlgorithm)
        let entry = KeySet.Entry(identifier: members.identifier, key: key)
        readings.append(Reading(index: index, entry: entry))
      } catch {
        notes.append(Note(index: index, refusal: error))
      }
      index += 1
    }
    let contested = Self.contested(readings)
    for reading in readings where contested.contains(reading.index) {
      notes.append(Note(index: reading.index, refusal: .duplicateIdentifier))
    }
    self.notes = notes.sorted { $0.index < $1.index }
    keys = KeySet(Self.usable(readings, without: contested))
  }

  private struct Reading {
    let index: Int
    let entry: KeySet.Entry
  }

  private static let limits = JSONLimits(
    maximumBytes: JOSELimits.maximumKeySetBytes, maximumDepth: JOSELimits.maximumDepth,
    maximumMembers: JOSELimits.maximumMembers)

  private static func keyArray(of text: Span<UInt8>) throws(JWKSetRefusal) -> JSONValue {
    let root: JSONValue
    do throws(JSONError) {
      root = try JSONReader.root(of: text, limits: limits)
    } catch {
      switch error.code {
      case .tooLarge: throw .tooLong
      case .duplicateMember: throw .duplicateMember
      default: throw .syntax
      }
    }
    guard root.kind == .object else { throw .noKeys }
    var members = JSONElements(of: root)
    while let member = members.next(in: text) {
      guard let name = member.name, name.equals("keys", in: text) else { continue }
      guard member.value.kind == .array else { throw .noKeys }
      return member.value
    }
    throw .noKeys
  }

  /// The places of keys that share `kid` and algorithm with a different key.
  private static func contested(_ readings: [Reading]) -> Set<Int> {
    var found: Set<Int> = []
    for (place, one) in readings.enumerated() where one.entry.identifier != nil {
      for other in readings[(place + 1)...]
      where other.entry.identifier == one.entry.identifier
        && other.entry.key.algorithm == one.entry.key.algorithm
        && !isSame(one.entry.key, other.entry.key)
      {
        found.formUnion([one.index, other.index])
      }
    }
    return found
  }

  /// Shared secrets are not compared: two of them with one name are contested even when equal.
  private static func isSame(_ one: VerificationKey, _ other: VerificationKey) -> Bool {
    guard let components = one.components else { return false }
    return components == other.components
  }

  /// The keys in their order, each once.
  private static func usable(
    _ readings: [Reading], without contested: Set<Int>
  ) -> [KeySet.Entry] {
    var entries: [KeySet.Entry] = []
    for reading in readings where !contested.contains(reading.index) {
      let entry = reading.entry
      let isThere = entries.contains { kept in
        kept.identifier == entry.identifier && kept.key.algorithm == entry.key.algorithm
          && isSame(kept.key, entry.key)
      }
      if !isThere { entries.append(entry) }
    }
    return entries
  }
}
