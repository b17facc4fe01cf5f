package import HTTPModel
internal import Primitives

/// Reads the one signature of a message where it is written as nearly every signer writes it: one
/// label, one line, no escapes, nothing unknown, the one spelling of RFC 9651 §4.1.
///
/// Everything else, and everything that is wrong, is left to the parser of structured fields: this
/// answers with what that one would answer, or not at all. It is here because it takes a
/// twentieth of the time; a fuzzer holds the two to each other.
package enum CanonicalSignature {
  /// The signature, or nil where it is not written so.
  package static func read(
    tagged tag: [UInt8], in fields: FieldSection
  ) -> MessageSignature? {
    guard let input = fields.only(.signatureInput), let signature = fields.only(.signature),
      input.count <= StructuredDictionary.byteLimit,
      signature.count <= StructuredDictionary.byteLimit
    else { return nil }
    var reader = CanonicalReader(input)
    guard let label = reader.key(), reader.take(ASCII.equals) else { return nil }
    let start = reader.index
    guard let parameters = reader.parameters(from: start), parameters.tag == tag,
      let bytes = byteSequence(of: label, in: signature), !bytes.isEmpty
    else { return nil }
    return MessageSignature(label: Array(label), parameters: parameters, signature: bytes)
  }

  /// The one digest of a field, by SHA-256, or nil where it is not written so.
  static func digest(_ value: ArraySlice<UInt8>) -> ClaimedDigest? {
    guard value.starts(with: sha256),
      let bytes = byteSequence(after: value.startIndex + sha256.count, in: value),
      bytes.count == ContentDigestAlgorithm.sha256.byteCount
    else { return nil }
    return ClaimedDigest(algorithm: .sha256, bytes: bytes)
  }

  private static let sha256 = Array("sha-256=".utf8)

  private static func byteSequence(
    of label: ArraySlice<UInt8>, in value: ArraySlice<UInt8>
  ) -> [UInt8]? {
    guard value.starts(with: label), value.count > label.count,
      value[value.startIndex + label.count] == ASCII.equals
    else { return nil }
    return byteSequence(after: value.startIndex + label.count + 1, in: value)
  }

  private static func byteSequence(after start: Int, in value: ArraySlice<UInt8>) -> [UInt8]? {
    guard value.endIndex - start >= 2, value[start] == ASCII.colon,
      value[value.endIndex - 1] == ASCII.colon
    else { return nil }
    return Base64.decode(value[(start + 1)..<(value.endIndex - 1)])
  }
}

/// Goes through one line of `Signature-Input`.
private struct CanonicalReader {
  private let text: ArraySlice<UInt8>
  private(set) var index: Int

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    index = text.startIndex
  }

  private var next: UInt8? { index < text.endIndex ? text[index] : nil }

  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    index += 1
    return true
  }

  /// A key (RFC 9651 §3.1.2).
  mutating func key() -> ArraySlice<UInt8>? {
    let start = index
    guard let first = next, first &- 0x61 < 26 || first == 0x2A else { return nil }
    while let byte = next,
      byte &- 0x61 < 26 || ASCII.isDigit(byte) || [0x5F, 0x2D, 0x2E, 0x2A].contains(byte)
    {
      index += 1
    }
    return text[start..<index]
  }

  /// What stands between quotes, where nothing in it is escaped.
  private mutating func string() -> ArraySlice<UInt8>? {
    guard take(ASCII.quote) else { return nil }
    let start = index
    while let byte = next, byte != ASCII.quote {
      guard byte != ASCII.backslash, (0x20...0x7E).contains(byte) else { return nil }
      index += 1
    }
    let inner = text[start..<index]
    return take(ASCII.quote) ? inner : nil
  }

  private mutating func integer() -> Int64? {
    let start = index
    while let byte = next, ASCII.isDigit(byte) { index += 1 }
    let digits = text[start..<index]
    guard digits.count <= 15, digits.count == 1 || digits.first != ASCII.zero else { return nil }
    return digits.decimalValue()
  }

  /// A member of `Signature-Input` to the end of the line.
  mutating func parameters(from start: Int) -> SignatureParameters? {
    guard let components = components() else { return nil }
    var created: Int64?
    var expires: Int64?
    var texts: [ArraySlice<UInt8>?] = [nil, nil, nil, nil]
    while take(ASCII.semicolon) {
      guard let key = key(), take(ASCII.equals) else { return nil }
      if key.equals("created") {
        guard created == nil, let value = integer() else { return nil }
        created = value
      } else if key.equals("expires") {
        guard expires == nil, let value = integer() else { return nil }
        expires = value
      } else {
        guard let place = Self.place(of: key), texts[place] == nil, let value = string() else {
          return nil
        }
        texts[place] = value
      }
    }
    guard next == nil else { return nil }
    return SignatureParameters(
      read: components, created: created, expires: expires, nonce: texts[0].map(Array.init),
      algorithm: texts[1].map(Array.init), keyID: texts[2].map(Array.init),
      tag: texts[3].map(Array.init), text: Array(text[start...]))
  }

  private static func place(of key: ArraySlice<UInt8>) -> Int? {
    if key.equals("nonce") { return 0 }
    if key.equals("alg") { return 1 }
    if key.equals("keyid") { return 2 }
    return key.equals("tag") ? 3 : nil
  }

  private mutating func components() -> [ComponentIdentifier]? {
    guard take(0x28) else { return nil }
    var components: [ComponentIdentifier] = []
    components.reserveCapacity(8)
    while !take(0x29) {
      if !components.isEmpty, !take(ASCII.space) { return nil }
      guard components.count < SignatureParameters.maximumComponents, let one = component(),
        !components.contains(one)
      else { return nil }
      components.append(one)
    }
    return components
  }

  /// A component without parameters but `req`.
  private mutating func component() -> ComponentIdentifier? {
    let start = index
    guard let name = string(), !name.isEmpty else { return nil }
    var isOfRequest = false
    if take(ASCII.semicolon) {
      guard let key = key(), key.equals("req") else { return nil }
      isOfRequest = true
    }
    guard let following = next, following == ASCII.space || following == 0x29 else { return nil }
    if let known = ComponentIdentifier.usual.first(where: {
      $0.text.elementsEqual(text[start..<index])
    }) {
      return known
    }
    guard name.count <= 256,
      name.allSatisfy({ ASCII.isTokenCharacter($0) && ASCII.lowercased($0) == $0 })
    else { return nil }
    return ComponentIdentifier(field: name, ofRequest: isOfRequest)
  }
}

extension ComponentIdentifier {
  /// What verdicts cover as a rule, so that it need not be made anew.
  fileprivate static let usual: [ComponentIdentifier] =
    [ComponentIdentifier(.status), ComponentIdentifier(field: Array("content-digest".utf8))]
    + [ComponentIdentifier(field: Array("content-digest".utf8), ofRequest: true)]
    + DerivedComponent.allCases.filter { $0 != .status }.map {
      ComponentIdentifier($0, ofRequest: true)
    }
}
