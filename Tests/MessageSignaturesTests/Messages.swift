import HTTPModel
import MessageSignatures
import Primitives

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// A text that is wrapped over lines with backslashes (RFC 8792 §7.1), as one.
func unwrapped(_ text: String) -> String {
  text.split(separator: "\\\n", omittingEmptySubsequences: false).enumerated()
    .map { $0.offset == 0 ? String($0.element) : String($0.element.drop { $0 == " " }) }
    .joined()
}

func section(_ lines: [(String, String)]) -> FieldSection {
  var fields = FieldSection()
  for (name, value) in lines { fields.append(name: bytes(name), value: bytes(unwrapped(value))) }
  return fields
}

func request(
  _ method: Method, _ target: String, host: String, _ lines: [(String, String)] = []
) -> RequestHead {
  RequestHead(
    method: method, target: bytes(target), authority: bytes(host),
    fields: section([("Host", host)] + lines))
}

func response(_ status: UInt16, _ lines: [(String, String)]) -> ResponseHead {
  ResponseHead(status: Status(status), fields: section(lines))
}

/// The parameters that the text of a member of `Signature-Input` means.
func parameters(_ member: String) throws -> SignatureParameters {
  let fields = section([("Signature-Input", "x=" + member), ("Signature", "x=:AAAA:")])
  let all = try MessageSignature.all(in: fields)
  return all[0].parameters
}

extension SignedMessage {
  /// The signature base over components written as in a member of `Signature-Input`, without its
  /// last line.
  func lines(_ components: String, kinds: StructuredFieldKinds = .standard) throws -> String {
    let base = text(try signatureBase(parameters("(\(components))"), kinds: kinds))
    guard let last = base.range(of: "\"@signature-params\": ") else { return "no last line" }
    return String(base[..<last.lowerBound].dropLast())
  }

  /// The fault that keeps the components from making a base.
  func fault(_ components: String) -> SignatureFault? {
    do {
      _ = try signatureBase(try parameters("(\(components))"))
      return nil
    } catch { return error as? SignatureFault }
  }
}

extension String {
  /// Where `part` begins and ends for the first time.
  fileprivate func range(of part: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }
}
