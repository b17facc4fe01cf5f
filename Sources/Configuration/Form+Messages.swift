internal import HTTPModel
internal import Primitives
internal import Verdict

extension Form<Method> {
  static var method: Form<Method> {
    .parsed("a method", example: "POST", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$") { text in
      guard !text.isEmpty, text.utf8.count <= 32, text.utf8.allSatisfy(ASCII.isTokenCharacter)
      else { return .flaw("'\(text)' is no method") }
      let method = Method(token: text.utf8)
      if method == .connect { return .flaw("CONNECT is refused, never routed") }
      let upper = Method(token: Array(text.uppercased().utf8))
      if case .other = method, case .other = upper { return .value(method) }
      guard case .other = method else { return .value(method) }
      return .flaw(
        "methods are written as they are sent: case counts",
        help: "did you mean \(text.uppercased())?")
    } write: {
      $0.bytes.displayText
    }
  }
}

extension Form<PathPattern> {
  static var pathPattern: Form<PathPattern> {
    .parsed("a pattern of paths", example: "/assets/**", pattern: "^/") { text in
      do throws(PathPattern.Flaw) {
        return .value(try PathPattern(text.utf8))
      } catch {
        return flaw(error, in: text)
      }
    } write: {
      $0.description
    }
  }

  private static func flaw(_ flaw: PathPattern.Flaw, in text: String) -> Parsed<PathPattern> {
    switch flaw {
    case .noLeadingSlash:
      .flaw("a pattern of paths begins with '/'", help: "did you mean '/\(text)'?")
    case .doubleStarInSegment:
      .flaw("'**' stands alone between slashes", help: "for example /assets/**")
    case .secondDoubleStar: .flaw("a pattern has one '**'", help: "write two patterns")
    case .notInPaths(UInt8(ascii: "?")):
      .flaw("a path has no '?': the query is no part of it", help: "leave the query out")
    case .notInPaths: .flaw("this character must be percent-encoded in a path")
    case .dotSegment: .flaw("'.' and '..' are never sent in paths")
    }
  }
}

extension Form<HostPattern> {
  static var hostPattern: Form<HostPattern> {
    .parsed("a host", example: "auth.example.com") { text in
      let name = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
      if text.hasPrefix("["), text.hasSuffix("]"),
        IPAddress(text: text.dropFirst().dropLast().utf8)?.version == 6
      {
        return .value(HostPattern(text.utf8))
      }
      guard isHostName(name) else {
        let isPort = text.contains(":")
        return .flaw(
          "'\(text)' is no host",
          help: isPort
            ? "leave the port out; an IPv6 address has brackets" : "for example auth.example.com")
      }
      return .value(HostPattern(text.utf8))
    } write: {
      $0.text.displayText
    }
  }
}

extension Form<FieldName> {
  static var fieldName: Form<FieldName> {
    .parsed("the name of a header field", example: "X-Tenant") { text in
      FieldName(text.utf8).map { .value($0) }
        ?? .flaw(
          "'\(text)' is no name of a header field",
          help: text.hasSuffix(":") ? "leave the ':' out" : nil)
    } write: {
      $0.bytes.displayText
    }
  }
}

extension Form<[UInt8]> {
  /// The value of a header field (RFC 9110 §5.5).
  static var fieldValue: Form<[UInt8]> {
    .parsed("the value of a header field", example: "nosniff") { text in
      FieldValue.isValid(Array(text.utf8))
        ? .value(Array(text.utf8))
        : .flaw("a field's value is one line without control characters or white space around it")
    } write: {
      $0.displayText
    }
  }

  /// Who has signed something, or for whom: a claim's text.
  static var partyName: Form<[UInt8]> {
    .parsed("a name as claims say it", example: "https://auth.example") { text in
      FieldValue.isValid(Array(text.utf8))
        ? .value(Array(text.utf8))
        : .flaw("a name is one line without control characters or white space around it")
    } write: {
      $0.displayText
    }
  }

  /// A path that is sent as it stands, with a query or without.
  static var requestTarget: Form<[UInt8]> {
    .parsed("a path", example: "/healthz") { text in
      text.hasPrefix("/") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }
        ? .value(Array(text.utf8))
        : .flaw(
          "a path begins with '/' and has neither spaces nor '#'", help: "for example /healthz")
    } write: {
      $0.displayText
    }
  }

  /// A token (RFC 9110 §5.6.2).
  static func token(_ noun: String, example: String, isLowercase: Bool = false) -> Form<[UInt8]> {
    .parsed(noun, example: example) { text in
      let bytes = isLowercase ? Array(text.lowercased().utf8) : Array(text.utf8)
      return !bytes.isEmpty && bytes.count <= 64 && bytes.allSatisfy(ASCII.isTokenCharacter)
        ? .value(bytes) : .flaw("\(noun) has letters, digits and -._~!#$%&'*+^`| only")
    } write: {
      $0.displayText
    }
  }

  /// The SHA-256 of a certificate in hexadecimal digits, with colons or without.
  static var fingerprint: Form<[UInt8]> {
    .parsed("a SHA-256 fingerprint", example: "b1:4c:… (32 bytes)") { text in
      let digits = text.utf8.filter { $0 != ASCII.colon }
      let values = digits.compactMap(ASCII.hexadecimalValue)
      guard values.count == 64, digits.count == 64 else {
        return .flaw("a SHA-256 fingerprint has 64 hexadecimal digits")
      }
      return .value(stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] })
    } write: { bytes in
      bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
  }
}

extension Form<Wildcard> {
  static func wildcard(_ noun: String, example: String) -> Form<Wildcard> {
    .parsed(noun, example: example) { text in
      text.isEmpty ? .flaw("a text is missing") : .value(Wildcard(text.utf8))
    } write: {
      $0.text.displayText
    }
  }
}

extension Form<FieldCondition.Test> {
  /// `true` for present, `false` for absent, or a text in which `*` stands for anything.
  static var fieldTest: Form<FieldCondition.Test> {
    let noun = "true for present, false for absent, or the field's value"
    return Form(shape: .any(noun)) { tree, reading in
      switch tree.content {
      case .text("true", isPlain: true): return .present
      case .text("false", isPlain: true): return .absent
      case .text(let text, _): return .value(Wildcard(text.utf8))
      default:
        tree.mismatch(.any(noun), &reading)
        return nil
      }
    } write: { test in
      switch test {
      case .present: .plain("true")
      case .absent: .plain("false")
      case .value(let wildcard): .text(wildcard.text.displayText)
      }
    }
  }
}

extension Form<RequestSource> {
  static var requestSource: Form<RequestSource> {
    .parsed("a place in the request", example: "json:/username") { text in
      do throws(SourceError) {
        return .value(try RequestSource(parsing: text.utf8))
      } catch {
        return .flaw("'\(text)' is no place in a request", help: "\(error.explanation)")
      }
    } write: {
      $0.text.displayText
    }
  }
}

extension Form<VerdictSource> {
  static var verdictSource: Form<VerdictSource> { verdictSource(takingClaims: true) }

  /// A place in the response itself: a claim of a signed proof is compared elsewhere, and would be
  /// looked for in vain.
  static var responseSource: Form<VerdictSource> { verdictSource(takingClaims: false) }

  private static func verdictSource(takingClaims: Bool) -> Form<VerdictSource> {
    .parsed("a place in the verdict", example: "json:/user/name") { text in
      do throws(SourceError) {
        let source = try VerdictSource(parsing: text.utf8)
        if case .claim = source, !takingClaims {
          return .flaw(
            "'\(text)' is a claim of a signed proof, and only the response is looked at here",
            help: "name a place in the response, for example json:/user/name")
        }
        return .value(source)
      } catch {
        return .flaw("'\(text)' is no place in a verdict", help: "\(error.explanation)")
      }
    } write: {
      $0.text.displayText
    }
  }
}
