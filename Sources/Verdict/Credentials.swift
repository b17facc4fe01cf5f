package import HTTPModel
internal import Primitives

/// Basic credentials (RFC 7617).
package enum BasicCredentials {
  /// The user-id of an `Authorization` value, or nil where the scheme is another, the base64 is not
  /// exact (RFC 4648 §4, padding demanded), no colon follows, or a control character occurs.
  package static func userName(of value: some Collection<UInt8>) -> [UInt8]? {
    let bytes = Array(value)
    guard bytes.count > 6, bytes[..<5].equalsIgnoringASCIICase("Basic"),
      bytes[5] == ASCII.space,
      let decoded = decodeBase64(bytes[6...].drop { $0 == ASCII.space }),
      let colon = decoded.firstIndex(of: ASCII.colon),
      decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    return Array(decoded[..<colon])
  }

  /// Base64 with `+` and `/`, made of the URL-safe reader that already refuses stray bits.
  private static func decodeBase64(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0, !text.contains(0x2D), !text.contains(0x5F) else { return nil }
    var digits = text
    while digits.last == ASCII.equals, text.count - digits.count < 2 { digits = digits.dropLast() }
    return Base64URL.decode(
      digits.map { byte -> UInt8 in
        switch byte {
        case 0x2B: 0x2D
        case 0x2F: 0x5F
        default: byte
        }
      })
  }
}

/// The name and value that a `Set-Cookie` line sets (RFC 6265 §5.2), attributes left aside.
package struct SetCookie: Hashable, Sendable {
  package let name: ArraySlice<UInt8>
  package let value: ArraySlice<UInt8>

  /// Nil where the line sets no named cookie.
  package init?(line: ArraySlice<UInt8>) {
    let pair = line.prefix { $0 != ASCII.semicolon }
    guard let equals = pair.firstIndex(of: ASCII.equals) else { return nil }
    name = pair[..<equals].trimmingOptionalWhitespace()
    value = pair[(equals + 1)...].trimmingOptionalWhitespace()
    guard !name.isEmpty else { return nil }
  }
}

/// The cookies of a request (RFC 6265 §4.2.1).
package enum Cookies {
  /// The value of the one cookie of this name; readers differ on which of several counts.
  static func value(of name: [UInt8], in fields: FieldSection) -> RequestValue {
    var result = RequestValue.absent
    guard fields.contains(.cookie) else { return result }
    for line in fields.lines where line.known == .cookie {
      for pair in fields.value(of: line).split(separator: ASCII.semicolon) {
        guard let equals = pair.firstIndex(of: ASCII.equals),
          pair[..<equals].trimmingOptionalWhitespace().elementsEqual(name)
        else { continue }
        guard result == .absent else { return .repeated }
        let value = pair[(equals + 1)...].trimmingOptionalWhitespace()
        if !value.isEmpty { result = .text(Array(value)) }
      }
    }
    return result
  }

  /// The values of all cookies whose names meet a condition.
  static func values(
    in fields: FieldSection, where condition: (ArraySlice<UInt8>) -> Bool
  ) -> [[UInt8]] {
    guard fields.contains(.cookie) else { return [] }
    var values: [[UInt8]] = []
    for line in fields.lines where line.known == .cookie {
      for pair in fields.value(of: line).split(separator: ASCII.semicolon) {
        guard let equals = pair.firstIndex(of: ASCII.equals),
          condition(pair[..<equals].trimmingOptionalWhitespace())
        else { continue }
        values.append(Array(pair[(equals + 1)...].trimmingOptionalWhitespace()))
      }
    }
    return values
  }

  /// Whether one of the cookies has a name for which the condition holds.
  package static func containsName(
    in fields: FieldSection, where condition: (ArraySlice<UInt8>) -> Bool
  ) -> Bool {
    guard fields.contains(.cookie) else { return false }
    for line in fields.lines where line.known == .cookie {
      var rest = fields.value(of: line)
      while !rest.isEmpty {
        let pair = rest.prefix { $0 != ASCII.semicolon }
        rest = rest[pair.endIndex...].dropFirst()
        let name = pair.prefix { $0 != ASCII.equals }.trimmingOptionalWhitespace()
        if !name.isEmpty, condition(name) { return true }
      }
    }
    return false
  }

  /// Whether a cookie of this name customarily stands for a signed-in user.
  ///
  /// Known by what the names of frameworks and gateways have in common; a session under any other
  /// name is declared by a rule.
  package static func isSessionName(_ name: ArraySlice<UInt8>) -> Bool {
    if name.equalsIgnoringASCIICase("sid") || name.equalsIgnoringASCIICase("auth") { return true }
    let parts: [StaticString] = [
      "sess", "token", "auth_", "_auth", "-auth", "auth-", "jwt", "connect.sid", ".sid", "remember",
      "identity", "aspxauth", "iplanetdirectorypro", "login", "oauth2_proxy", "cas", "tgc", "saml",
    ]
    return parts.contains { part in
      part.utf8CodeUnitCount <= 3
        ? name.equalsIgnoringASCIICase(part) : containsIgnoringCase(name, part)
    }
  }

  private static func containsIgnoringCase(
    _ name: ArraySlice<UInt8>, _ part: StaticString
  ) -> Bool {
    let length = part.utf8CodeUnitCount
    guard name.count >= length else { return false }
    for start in name.startIndex...(name.endIndex - length)
    where name[start..<start + length].equalsIgnoringASCIICase(part) {
      return true
    }
    return false
  }
}
