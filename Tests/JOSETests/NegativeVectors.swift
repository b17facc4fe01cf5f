import Cryptography
import JOSE
import Primitives
import Testing

/// A token that must not be believed, the keys it is shown to, and the reason it must be refused
/// for.
struct NegativeVector: Sendable, CustomTestStringConvertible {
  let name: String
  let token: String
  let keys: KeySet
  let refusal: JWSRefusal

  var testDescription: String { name }
}

/// The table: in the manner of Wycheproof, one fault a row, everything else as it should be.
enum NegativeVectors {
  private typealias Bench = TokenBench

  static let all =
    spelling + encodings + headers + algorithms + confusion + types + signatures + ellipticHalves
    + edwards + payloads + claims + times

  /// A token of Ed25519 with this header or these claims.
  private static func row(
    _ name: String, header: String? = nil, claims: String = Bench.claims, _ refusal: JWSRefusal
  ) -> NegativeVector {
    let key = Bench.ed25519
    return NegativeVector(
      name: name, token: Bench.token(header ?? Bench.header(key), claims, by: key),
      keys: Bench.keys(key), refusal: refusal)
  }

  private static func row(
    _ name: String, token: String, by key: SigningKey = Bench.ed25519, _ refusal: JWSRefusal
  ) -> NegativeVector {
    NegativeVector(name: name, token: token, keys: Bench.keys(key), refusal: refusal)
  }

  private static func good(_ key: SigningKey = Bench.ed25519) -> String {
    Bench.token(Bench.header(key), Bench.claims, by: key)
  }

  private static func parts(_ key: SigningKey = Bench.ed25519) -> [String] {
    good(key).split(separator: ".").map(String.init)
  }

  // MARK: Spelling

  private static var spelling: [NegativeVector] {
    let good = good()
    let parts = parts()
    let json = "{\"payload\":\"\(parts[1])\",\"protected\":\"\(parts[0])\"}"
    return [
      row("nothing", token: "", .empty),
      row("one dot", token: "\(parts[0]).\(parts[1])", .notCompact),
      row("no dot", token: parts[0], .notCompact),
      row("three dots", token: "\(good).", .notCompact),
      row("a dot before", token: ".\(good)", .notCompact),
      row("five parts", token: "a.b.c.d.e", .encrypted),
      row("six parts", token: "a.b.c.d.e.f", .notCompact),
      row("dots only", token: "..", .headerEncoding),
      row("flattened JSON", token: json, .notCompact),
      row("too long", token: good + String(repeating: "A", count: 65536), .tooLong),
      row("a header too long", token: String(repeating: "A", count: 4097) + "..", .headerTooLong),
      row("white space before", token: " \(good)", .headerEncoding),
      row("white space after", token: "\(good) ", .signatureEncoding),
      row("a line end after", token: "\(good)\n", .signatureEncoding),
      row("a return after", token: "\(good)\r\n", .signatureEncoding),
      row("a zero byte after", token: "\(good)\0", .signatureEncoding),
      row("a tab inside", token: "\(parts[0])\t.\(parts[1]).\(parts[2])", .headerEncoding),
      row("a prefix as in Authorization", token: "Bearer \(good)", .headerEncoding),
      row("quotes around", token: "\"\(good)\"", .headerEncoding),
      row("two tokens", token: "\(good),\(good)", .encrypted),
      row("percent coding", token: "\(parts[0]).\(parts[1]).%41\(parts[2])", .signatureEncoding),
      row("no header", token: ".\(parts[1]).\(parts[2])", .headerEncoding),
      row("no signature", token: "\(parts[0]).\(parts[1]).", .signatureLength),
      row("no payload", token: "\(parts[0])..\(parts[2])", .signatureInvalid),
    ]
  }

  // MARK: Base64url

  private static var encodings: [NegativeVector] {
    let parts = parts()
    var rows: [NegativeVector] = []
    let places: [(Int, JWSRefusal)] = [(0, .headerEncoding), (2, .signatureEncoding)]
    for (place, refusal) in places {
      for (name, spoilt) in spoilt(parts[place]) {
        var other = parts
        other[place] = spoilt
        rows.append(
          row("part \(place): \(name)", token: other.joined(separator: "."), refusal))
      }
    }
    // The payload is signed as it is spelled, so a bad spelling can come with a good signature.
    for (name, spoilt) in spoilt(parts[1]) {
      let token = Bench.signed("\(parts[0]).\(spoilt)", by: Bench.ed25519)
      rows.append(row("part 1, signed: \(name)", token: token, .payloadEncoding))
    }
    return rows
  }

  /// The same bytes, or nearly, in spellings that are none.
  private static func spoilt(_ text: String) -> [(String, String)] {
    let tail = text.count % 4 == 0 ? "" : String(repeating: "=", count: 4 - text.count % 4)
    let padded = tail.isEmpty ? "\(text)=" : text + tail
    var rows = [
      ("padding", padded), ("padding alone", "\(text)="), ("a plus", "+\(text.dropFirst())"),
      ("a slash", "/\(text.dropFirst())"), ("a space", "\(text.prefix(4)) \(text.dropFirst(4))"),
      ("a line end", "\(text.prefix(4))\n\(text.dropFirst(4))"),
      ("a foreign letter", "é\(text.dropFirst(2))"), ("a star", "*\(text.dropFirst())"),
    ]
    // One character of a further group carries six bits and no byte.
    let cut = text.count % 4 == 0 ? "\(text)A" : String(text.prefix(text.count / 4 * 4 + 1))
    rows.append(("an impossible length", cut))
    if text.count % 4 != 0, let last = text.last {
      // The next character of the alphabet differs in a bit that belongs to no byte.
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      let index = alphabet.firstIndex(of: last) ?? 0
      rows.append(("stray bits", text.dropLast() + String(alphabet[index ^ 1])))
    }
    return rows
  }

  // MARK: Headers

  private static var headers: [NegativeVector] {
    let typ = "\"typ\":\"verdict+jwt\""
    let alg = "\"alg\":\"EdDSA\""
    let long = String(repeating: "k", count: 257)
    let deep =
      String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
    return [
      row("no JSON", header: "EdDSA", .headerSyntax),
      row("an empty header", header: " ", .headerSyntax),
      row("an array", header: "[\(alg)]".replacing("\"alg\":", with: ""), .headerNotObject),
      row("a string", header: "\"EdDSA\"", .headerNotObject),
      row("null", header: "null", .headerNotObject),
      row("two objects", header: "{\(alg),\(typ)}{}", .headerSyntax),
      row("bytes after", header: "{\(alg),\(typ)}\0", .headerSyntax),
      row("a comma after", header: "{\(alg),\(typ),}", .headerSyntax),
      row("a comment", header: "{\(alg),/**/\(typ)}", .headerSyntax),
      row("single quotes", header: "{'alg':'EdDSA',\(typ)}", .headerSyntax),
      row("an unfinished object", header: "{\(alg),\(typ)", .headerSyntax),
      row("too deep", header: "{\(alg),\(typ),\"a\":\(deep)}", .headerSyntax),
      row("a byte order mark", header: "\u{FEFF}{\(alg),\(typ)}", .headerSyntax),
      row("a lone surrogate", header: "{\(alg),\(typ),\"kid\":\"\\ud800\"}", .headerSyntax),
      bytesInHeader("bad UTF-8", [0xFF]),
      bytesInHeader("an overlong character", [0xC0, 0xAF]),
      bytesInHeader("a surrogate in UTF-8", [0xED, 0xA0, 0x80]),
      bytesInHeader("a control character", [0x01]),
      row("alg twice", header: "{\(alg),\(alg),\(typ)}", .headerDuplicate),
      row(
        "alg twice, one escaped", header: "{\(alg),\"\\u0061lg\":\"none\",\(typ)}", .headerDuplicate
      ),
      row("kid twice", header: "{\(alg),\(typ),\"kid\":\"a\",\"kid\":\"b\"}", .headerDuplicate),
      row("typ twice", header: "{\(alg),\(typ),\(typ)}", .headerDuplicate),
      row(
        "twice in a nested object", header: "{\(alg),\(typ),\"a\":{\"b\":1,\"b\":1}}",
        .headerDuplicate),
      row("kid a number", header: "{\(alg),\(typ),\"kid\":1}", .keyIdentifierMalformed),
      row("kid null", header: "{\(alg),\(typ),\"kid\":null}", .keyIdentifierMalformed),
      row("kid an array", header: "{\(alg),\(typ),\"kid\":[\"a\"]}", .keyIdentifierMalformed),
      row("kid too long", header: "{\(alg),\(typ),\"kid\":\"\(long)\"}", .keyIdentifierTooLong),
      row("cty a number", header: "{\(alg),\(typ),\"cty\":1}", .contentTypeMalformed),
      row("crit", header: "{\(alg),\(typ),\"crit\":[\"x\"],\"x\":1}", .critical),
      row("crit empty", header: "{\(alg),\(typ),\"crit\":[]}", .critical),
      row("crit null", header: "{\(alg),\(typ),\"crit\":null}", .critical),
      row("crit with a known name", header: "{\(alg),\(typ),\"crit\":[\"alg\"]}", .critical),
      row("crit nested", header: "{\(alg),\(typ),\"crit\":[[\"crit\"]]}", .critical),
      row("crit escaped", header: "{\(alg),\(typ),\"\\u0063rit\":[\"x\"]}", .critical),
      row(
        "b64 and crit", header: "{\(alg),\(typ),\"b64\":false,\"crit\":[\"b64\"]}",
        .unencodedPayload),
      row("b64 false", header: "{\(alg),\(typ),\"b64\":false}", .unencodedPayload),
      row("b64 true", header: "{\(alg),\(typ),\"b64\":true}", .unencodedPayload),
    ]
  }

  private static func bytesInHeader(_ name: String, _ bytes: [UInt8]) -> NegativeVector {
    let header =
      Array("{\"alg\":\"EdDSA\",\"typ\":\"verdict+jwt\",\"a\":\"".utf8) + bytes + [0x22, 0x7D]
    let token = Bench.token(header, Array(Bench.claims.utf8), by: Bench.ed25519)
    return row(name, token: token, .headerSyntax)
  }

  // MARK: Algorithms

  private static var algorithms: [NegativeVector] {
    let typ = "\"typ\":\"verdict+jwt\""
    var rows = [
      row("no alg", header: "{\(typ)}", .algorithmMissing),
      row("alg by another case", header: "{\"Alg\":\"EdDSA\",\(typ)}", .algorithmMissing),
      row("alg null", header: "{\"alg\":null,\(typ)}", .algorithmMalformed),
      row("alg a number", header: "{\"alg\":1,\(typ)}", .algorithmMalformed),
      row("alg an array", header: "{\"alg\":[\"EdDSA\"],\(typ)}", .algorithmMalformed),
      row("alg an object", header: "{\"alg\":{\"EdDSA\":1},\(typ)}", .algorithmMalformed),
    ]
    for name in ["none", "None", "NONE", "nOnE"] {
      let header = "{\"alg\":\"\(name)\",\(typ)}"
      rows.append(row("alg \(name)", header: header, .algorithmNone))
      let unsigned = "\(Bench.code(header)).\(Bench.code(Bench.claims))."
      rows.append(row("alg \(name), no signature", token: unsigned, .algorithmNone))
    }
    for name in [
      "", " EdDSA", "EdDSA ", "eddsa", "EDDSA", "EdDSA\\u0000", "none ", "ed25519", "Ed448",
      "HS384",
      "HS512", "RS384", "RS512", "ES512", "ES256K", "PS384", "RSA-OAEP", "dir", "A128KW",
      "ES256,EdDSA",
    ] {
      let header = "{\"alg\":\"\(name)\",\(typ)}"
      rows.append(row("alg '\(name)'", header: header, .algorithmUnsupported))
    }
    return rows
  }

  /// A token says one algorithm and is shown to a key of another; the signature is made with
  /// whatever an attacker has.
  private static var confusion: [NegativeVector] {
    var rows: [NegativeVector] = []
    for key in Bench.all {
      for other in Bench.all where other.algorithm != key.algorithm {
        rows.append(
          row(
            "\(other.algorithm.joseName) to a key of \(key.algorithm.joseName)",
            token: good(other), by: key, .algorithmMismatch))
      }
    }
    // The public key, in every form in which it lies around, as the secret of HS256.
    for key in Bench.all {
      guard let components = key.verificationKey.components else { continue }
      for (form, secret) in publicForms(of: key, components) {
        guard let forger = try? SigningKey(hmacSecret: secret) else { continue }
        rows.append(
          row(
            "HS256 with the public key of \(key.algorithm.joseName) as secret, \(form)",
            token: good(forger), by: key, .algorithmMismatch))
        // With the right name of the algorithm, it is merely a bad signature.
        let honest = Bench.token(Bench.header(key), Bench.claims, by: forger)
        rows.append(
          row(
            "\(key.algorithm.joseName), signed by HMAC with its public key, \(form)",
            token: honest, by: key, .signatureLength))
      }
    }
    return rows
  }

  private static func publicForms(
    of key: SigningKey, _ components: PublicKeyComponents
  ) -> [(String, [UInt8])] {
    var forms: [(String, [UInt8])] = [
      ("as a JWK", JWK.text(of: key.verificationKey, identifier: [0x61]) ?? [])
    ]
    switch components {
    case .rsa(let modulus, _): forms.append(("its modulus", modulus))
    case .elliptic(_, let x, let y): forms.append(("its point", [4] + x + y))
    case .ed25519(let point): forms.append(("its point", point))
    }
    return forms
  }

  // MARK: Types

  private static var types: [NegativeVector] {
    let alg = "{\"alg\":\"EdDSA\""
    var rows = [
      row("no typ", header: "\(alg)}", .typeMissing),
      row("typ a number", header: "\(alg),\"typ\":1}", .typeMalformed),
      row("typ null", header: "\(alg),\"typ\":null}", .typeMalformed),
      row("typ an array", header: "\(alg),\"typ\":[\"verdict+jwt\"]}", .typeMalformed),
    ]
    for type in [
      "", "JWT", "jwt", "verdict", "verdict+jwt2", " verdict+jwt", "verdict+jwt ", "at+jwt",
      "token-introspection+jwt", "dpop+jwt", "txntoken+jwt", "text/verdict+jwt",
      "application/application/verdict+jwt", "application/", "verdict+jwt;v=1", "verdict jwt",
      "verdict\\u002bjwt\\u0000",
    ] {
      rows.append(row("typ '\(type)'", header: "\(alg),\"typ\":\"\(type)\"}", .typeMismatch))
    }
    return rows
  }

  // MARK: Signatures

  private static var signatures: [NegativeVector] {
    var rows: [NegativeVector] = []
    for key in Bench.all {
      let parts = parts(key)
      let name = "\(key.algorithm.joseName)"
      let input = "\(parts[0]).\(parts[1])"
      guard let signature = Base64URL.decode(Array(parts[2].utf8)) else { continue }
      var flipped = signature
      flipped[signature.count / 2] ^= 0x10
      let zeros = [UInt8](repeating: 0, count: signature.count)
      let ones = [UInt8](repeating: 0xFF, count: signature.count)
      let variants: [(String, [UInt8], JWSRefusal)] = [
        ("a bit flipped", flipped, .signatureInvalid), ("all zero", zeros, .signatureInvalid),
        ("all ones", ones, .signatureInvalid),
        ("reversed", signature.reversed(), .signatureInvalid),
        ("a byte short", Array(signature.dropLast()), .signatureLength),
        ("a byte cut in front", Array(signature.dropFirst()), .signatureLength),
        ("a byte more", signature + [0], .signatureLength),
        ("a zero byte before", [0] + signature, .signatureLength),
        ("twice", signature + signature, .signatureLength),
        ("one byte", [1], .signatureLength),
      ]
      for (what, bytes, refusal) in variants {
        rows.append(
          row("\(name): \(what)", token: "\(input).\(Bench.code(bytes))", by: key, refusal))
      }
      let other = Bench.claims.replacing("alice", with: "bobby")
      rows.append(
        row(
          "\(name): another payload", token: "\(parts[0]).\(Bench.code(other)).\(parts[2])",
          by: key, .signatureInvalid))
      let header = Bench.code(Bench.header(key, ",\"kid\":\"x\""))
      rows.append(
        row(
          "\(name): another header", token: "\(header).\(parts[1]).\(parts[2])", by: key,
          .signatureInvalid))
      rows.append(
        row(
          "\(name): the payload signed without the header",
          token: "\(input).\(Bench.signed(parts[1], by: key).split(separator: ".")[1])", by: key,
          .signatureInvalid))
    }
    return rows
  }

  /// ECDSA: halves outside 1 ..< n, DER, the other curve's length.
  private static var ellipticHalves: [NegativeVector] {
    let orders = [
      "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
      "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"
        + "581a0db248b0a77aecec196accc52973",
    ]
    var rows: [NegativeVector] = []
    for (key, order) in zip([Bench.p256, Bench.p384], orders) {
      let parts = parts(key)
      let name = "\(key.algorithm.joseName)"
      let input = "\(parts[0]).\(parts[1])"
      guard let good = Base64URL.decode(Array(parts[2].utf8)) else { continue }
      let half = good.count / 2
      let (r, s) = (Array(good[..<half]), Array(good[half...]))
      let zero = [UInt8](repeating: 0, count: half)
      let one = Array(zero.dropLast()) + [1]
      let n = bytes(order)
      let variants: [(String, [UInt8], JWSRefusal)] = [
        ("r zero", zero + s, .signatureInvalid), ("s zero", r + zero, .signatureInvalid),
        ("r the order", n + s, .signatureInvalid), ("s the order", r + n, .signatureInvalid),
        ("both the order", n + n, .signatureInvalid), ("both one", one + one, .signatureInvalid),
        ("halves exchanged", s + r, .signatureInvalid),
        ("r zero, s one", zero + one, .signatureInvalid),
        ("r more than the order", [UInt8](repeating: 0xFF, count: half) + s, .signatureInvalid),
        ("in DER", der(r, s), .signatureLength),
        ("in DER, padded to length", Array((der(r, s) + zero).prefix(2 * half)), .signatureInvalid),
        ("halves of the other curve", zero + good, .signatureLength),
        ("halves with a zero byte each", [0] + r + [0] + s, .signatureLength),
      ]
      for (what, bytes, refusal) in variants {
        rows.append(
          row("\(name): \(what)", token: "\(input).\(Bench.code(bytes))", by: key, refusal))
      }
    }
    return rows
  }

  private static func der(_ r: [UInt8], _ s: [UInt8]) -> [UInt8] {
    func integer(_ number: [UInt8]) -> [UInt8] {
      let bytes = number[0] & 0x80 == 0 ? number : [0] + number
      return [2, UInt8(bytes.count)] + bytes
    }
    let body = integer(r) + integer(s)
    return [0x30, UInt8(body.count)] + body
  }

  static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = hexadecimal.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }

  /// Ed25519: S past the order, R of small order or in a second spelling.
  private static var edwards: [NegativeVector] {
    let parts = parts()
    let input = "\(parts[0]).\(parts[1])"
    guard let good = Base64URL.decode(Array(parts[2].utf8)) else { return [] }
    let (r, s) = (Array(good[..<32]), Array(good[32...]))
    let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
    var more = s
    var carry = 0
    for index in 0..<32 {
      let sum = Int(s[index]) + Int(order[index]) + carry
      more[index] = UInt8(sum & 0xFF)
      carry = sum >> 8
    }
    var high = s
    high[31] |= 0x80
    let neutral = [1] + [UInt8](repeating: 0, count: 31)
    let unreduced = bytes("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")
    let zero = [UInt8](repeating: 0, count: 32)
    let variants: [(String, [UInt8])] = [
      ("S and the order", r + more), ("S with its highest bit", r + high),
      ("S the order", r + order),
      ("S zero", r + zero), ("R the neutral point, S zero", neutral + zero),
      ("R zero", zero + s), ("R not reduced", unreduced + s), ("R and S exchanged", s + r),
    ]
    return variants.map { name, bytes in
      row("EdDSA: \(name)", token: "\(input).\(Bench.code(bytes))", .signatureInvalid)
    }
  }

  // MARK: Payloads and claims

  private static var payloads: [NegativeVector] {
    let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
    return [
      row("claims that are no JSON", claims: "yes", .payloadSyntax),
      row("no claims", claims: "", .payloadSyntax),
      row("claims an array", claims: "[\(Bench.claims)]", .payloadNotObject),
      row("claims a string", claims: "\"yes\"", .payloadNotObject),
      row("bytes after the claims", claims: "\(Bench.claims)}", .payloadSyntax),
      row("two sets of claims", claims: "\(Bench.claims)\(Bench.claims)", .payloadSyntax),
      row("claims in UTF-16", claims: "\u{FEFF}\(Bench.claims)", .payloadSyntax),
      row("claims too deep", claims: changed("\"decision\":true", "\"a\":\(deep)"), .payloadSyntax),
      row(
        "sub twice", claims: changed("\"sub\":\"alice\"", "\"sub\":\"alice\",\"sub\":\"bob\""),
        .payloadDuplicate),
      row("decision twice", claims: changed("true", "true,\"decision\":false"), .payloadDuplicate),
      row(
        "exp twice, one escaped", claims: changed("true", "true,\"\\u0065xp\":9999999999"),
        .payloadDuplicate),
      row(
        "twice in a member", claims: changed("true", "true,\"user\":{\"n\":1,\"n\":2}"),
        .payloadDuplicate),
    ]
  }

  private static func changed(_ old: String, _ new: String) -> String {
    Bench.claims.replacing(old, with: new)
  }

  private static var claims: [NegativeVector] {
    var rows = [
      row("no iss", claims: changed("\"iss\"", "\"Iss\""), .issuerMissing),
      row(
        "another iss", claims: changed("https://auth.example", "https://auth.example/"),
        .issuerMismatch),
      row("iss in another case", claims: changed("https://auth", "https://Auth"), .issuerMismatch),
      row("no aud", claims: changed("\"aud\"", "\"to\""), .audienceMissing),
      row("another aud", claims: changed("\"edge\"", "\"edge2\""), .audienceMismatch),
      row(
        "several other aud", claims: changed("\"edge\"", "[\"a\",\"b\",\"Edge\"]"),
        .audienceMismatch),
      row("aud empty", claims: changed("\"edge\"", "[]"), .audienceMalformed),
      row("aud a number", claims: changed("\"edge\"", "1"), .audienceMalformed),
      row("aud an object", claims: changed("\"edge\"", "{\"edge\":1}"), .audienceMalformed),
      row("aud with a number", claims: changed("\"edge\"", "[\"edge\",1]"), .audienceMalformed),
      row("aud nested", claims: changed("\"edge\"", "[[\"edge\"]]"), .audienceMalformed),
      row("aud null", claims: changed("\"edge\"", "null"), .audienceMalformed),
      row("no jti", claims: changed("\"jti\"", "\"id\""), .identifierMissing),
      row("no sub", claims: changed("\"sub\"", "\"user\""), .subjectMissing),
      row("no exp", claims: changed("\"exp\"", "\"expires\""), .expiresMissing),
      row("no iat", claims: changed("\"iat\"", "\"issued\""), .issuedAtMissing),
    ]
    for name in ["iss", "sub", "jti", "txn", "nonce"] {
      for value in ["1", "null", "true", "[\"a\"]", "{}"] {
        let member = changed("\"\(name)\":", "\"\(name)\":\(value),\"x\(name)\":")
        rows.append(row("\(name) \(value)", claims: member, .claimMalformed))
      }
    }
    return rows
  }

  private static var times: [NegativeVector] {
    var rows: [NegativeVector] = []
    for value in [
      "\"1800000030\"", "null", "true", "[1800000030]", "1800000030.0", "18e8", "1.8E9", "{}",
    ] {
      rows.append(row("exp \(value)", claims: changed("1800000030", value), .timeMalformed))
    }
    for value in [
      "-1", "-0", "253402300800", "9223372036854775808", "1" + String(repeating: "0", count: 400),
    ] {
      let refusal = JWSRefusal.timeOutOfRange
      rows.append(row("exp \(value.prefix(24))", claims: changed("1800000030", value), refusal))
      rows.append(row("iat \(value.prefix(24))", claims: changed("1799999990", value), refusal))
      let begins = changed("\"sub\"", "\"nbf\":\(value),\"sub\"")
      rows.append(row("nbf \(value.prefix(24))", claims: begins, refusal))
    }
    rows += [
      row("exp 0", claims: changed("1800000030", "0"), .timesContradict),
      row("expired", claims: changed("1800000030", "1799999995"), .expired),
      row("issued in the future", claims: changed("1799999990", "1800000006"), .issuedInFuture),
      row("valid for too long", claims: changed("1800000030", "1800000051"), .lifetimeTooLong),
      row("valid for ever", claims: changed("1800000030", "253402300799"), .lifetimeTooLong),
      row("expired when issued", claims: changed("1799999990", "1800000030"), .timesContradict),
      row("not valid yet", claims: changed("\"sub\"", "\"nbf\":1800000006,\"sub\""), .notYetValid),
      row(
        "valid after its end", claims: changed("\"sub\"", "\"nbf\":1800000030,\"sub\""),
        .timesContradict),
      row("nbf a string", claims: changed("\"sub\"", "\"nbf\":\"1\",\"sub\""), .timeMalformed),
    ]
    return rows
  }
}

@Suite struct NegativeVectorTests {
  @Test(arguments: NegativeVectors.all)
  func `a spoilt token is refused for its reason`(vector: NegativeVector) {
    #expect(TokenBench.refusal(of: vector.token, by: vector.keys) == vector.refusal)
  }

  @Test func `there are many of them, each with a name of its own`() {
    let names = Set(NegativeVectors.all.map(\.name))
    #expect(names.count == NegativeVectors.all.count)
    #expect(names.count >= 400)
  }

  @Test func `what they were made from is believed`() {
    for key in TokenBench.all {
      let token = TokenBench.token(TokenBench.header(key), TokenBench.claims, by: key)
      #expect(TokenBench.refusal(of: token, by: TokenBench.keys(key)) == nil)
    }
  }

  @Test func `no token is believed with a single bit of it changed`() {
    for key in [TokenBench.ed25519, TokenBench.p256, TokenBench.hs256] {
      let token = TokenBench.token(TokenBench.header(key), TokenBench.claims, by: key)
      let keys = TokenBench.keys(key)
      var spoilt = Array(token.utf8)
      for place in spoilt.indices {
        for bit in 0..<8 {
          spoilt[place] ^= 1 << UInt8(bit)
          let believed = try? VerifiedJWT(
            spoilt, by: keys, rules: TokenBench.rules, at: TokenBench.now)
          #expect(believed == nil, "byte \(place), bit \(bit)")
          spoilt[place] ^= 1 << UInt8(bit)
        }
      }
    }
  }

  @Test func `every reason is given by some token, or by a test of its own`() {
    var seen = Set(NegativeVectors.all.map(\.refusal))
    // Keys, answers to requests and claims that only some rules demand: in other suites.
    seen.formUnion([
      .noKeys, .keyUnknown, .keyAmbiguous, .transactionMissing, .nonceMissing, .nonceMismatch,
      .issuedTooEarly,
    ])
    // OpenSSL does not fail on demand.
    seen.insert(.libraryFailed)
    #expect(seen == Set(JWSRefusal.allCases))
  }
}
