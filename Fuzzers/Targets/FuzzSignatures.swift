import HTTPModel
import MessageSignatures
import Primitives

/// Message signatures and digests: a line of input is a line of the field that its first byte
/// chooses.
enum FuzzSignatures {
  private static let tag = Array("verdict".utf8)

  static func check(_ bytes: [UInt8]) -> String? {
    let fields = section(bytes)
    _ = try? DigestFields.claimed(.content, in: fields)
    _ = DigestFields.wanted(in: fields)
    if let only = try? MessageSignature.only(tagged: tag, in: fields),
      only.parameters.tag != tag
    {
      return "a signature with another tag counts"
    }
    if let plain = CanonicalSignature.read(tagged: tag, in: fields),
      (try? MessageSignature.parsed(tagged: tag, in: fields)) != plain
    {
      return "read plainly it is another signature"
    }
    return requests(fields) ?? signatures(fields)
  }

  private static func section(_ bytes: [UInt8]) -> FieldSection {
    var fields = FieldSection()
    for line in bytes.split(separator: 0x0A) {
      let value = line.dropFirst()
      switch line.first {
      case 0x49: fields.append(.signatureInput, value)
      case 0x53: fields.append(.signature, value)
      case 0x41: fields.append(.acceptSignature, value)
      case 0x44: fields.append(.contentDigest, value)
      case 0x57: fields.append(.wantContentDigest, value)
      default: fields.append(name: Array("x-a".utf8), value: value)
      }
    }
    return fields
  }

  private static func requests(_ fields: FieldSection) -> String? {
    guard let wanted = try? RequestedSignature.all(in: fields) else { return nil }
    for one in wanted {
      guard let value = try? one.fieldValue() else { return "what was asked for cannot be written" }
      var again = FieldSection()
      again.append(.acceptSignature, value)
      guard (try? RequestedSignature.all(in: again)) == [one] else {
        return "what is asked for is another when read again"
      }
    }
    return nil
  }

  private static func signatures(_ fields: FieldSection) -> String? {
    guard let all = try? MessageSignature.all(in: fields) else { return nil }
    let request = RequestHead(
      method: .post, target: Array("/a?b=c".utf8), authority: Array("Host:443".utf8),
      fields: fields)
    let asked = SignedMessage(request: request, scheme: .https)
    let answered = SignedMessage(
      request: request, scheme: .https, response: ResponseHead(status: .ok, fields: fields))
    for one in all {
      var again = FieldSection()
      again.append(.signatureInput, one.inputFieldValue)
      again.append(.signature, one.fieldValue)
      guard (try? MessageSignature.all(in: again)) == [one] else {
        return "a signature is another when read again"
      }
      for message in [asked, answered] {
        guard let base = try? message.signatureBase(one.parameters) else { continue }
        // One line for each component and the last: nothing that is covered can add another.
        let lines = base.count { $0 == 0x0A }
        if lines != one.parameters.components.count { return "a line too many in a base" }
        if base.contains(where: { $0 >= 0x80 || $0 == 0x0D }) { return "a base that is no text" }
      }
    }
    return nil
  }
}
