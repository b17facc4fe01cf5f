import HTTPModel
import MessageSignatures
import Primitives
import Verdict

private func parameters(_ text: String) -> (inout SignedAnswer) -> Void {
  { $0.parameters = text }
}

private func covering(_ text: String) -> (inout SignedAnswer) -> Void {
  { $0.components = text }
}

private func changing(
  _ change: @escaping @Sendable (inout ResponseHead, inout String) -> Void
) -> (inout SignedAnswer) -> Void {
  { $0.change = change }
}

/// Replaces in the text of `Signature-Input` or `Signature` after signing.
private func replacing(
  _ field: KnownField, _ old: String, _ new: String
) -> (inout SignedAnswer) -> Void {
  changing { head, _ in
    let value = String(decoding: head.fields.first(field) ?? [], as: UTF8.self)
    head.fields.set(field, bytes(value.replacing(old, with: new)))
  }
}

private let rightAnswers: [SignedAnswer] = [
  SignedAnswer("as it ought to be", is: .verified(nil)),
  SignedAnswer("more covered", is: .verified(nil)) {
    $0.components += #" "content-type" "@path";req "@query-param";name="x";req "host";req"#
  },
  SignedAnswer("in another order", is: .verified(nil)) {
    $0.components =
      #""content-digest";req "@target-uri";req "@method";req "content-digest" "@status""#
  },
  SignedAnswer("fields in other forms", is: .verified(nil)) {
    $0.components =
      #""@status" "content-digest";sf "@method";req "@target-uri";req "content-digest";bs;req"#
  },
  SignedAnswer(
    "with all parameters", is: .verified(nil),
    parameters(
      #";expires=1700000060;alg="x";created=1700000000;nonce="dGhlIG5vbmNl";x=1;tag="verdict""#)),
  SignedAnswer(
    "made as early as may be", is: .verified(nil),
    parameters(#";created=1699999995;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer(
    "made as late as may be", is: .verified(nil),
    parameters(#";created=1700000006;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer(
    "just not expired", is: .verified(nil),
    parameters(#";created=1699999996;expires=1699999997;nonce="dGhlIG5vbmNl";tag="verdict""#)),
  SignedAnswer("under another label", is: .verified(nil)) { $0.label = "sig1" },
  SignedAnswer(
    "beside another's signature", is: .verified(nil),
    changing { head, _ in
      head.fields.append(.signatureInput, bytes(#"proxy=("via" "@new";x);tag="hop""#))
      head.fields.append(.signature, bytes("proxy=:AAAA:"))
    }),
  SignedAnswer("beside a deprecated digest", is: .verified(nil)) {
    let right = (try? digestField($0.content)) ?? []
    $0.digest = "md5=:AAAA:, " + String(decoding: right, as: UTF8.self)
  },
  SignedAnswer("a no that is signed", is: .denied) {
    $0.status = 401
    $0.content = #"{"authorized":false}"#
  },
  SignedAnswer(
    "fields that are not covered, changed", is: .verified(nil),
    changing { head, _ in
      head.fields.set(.contentType, "application/problem+json")
      head.fields.append(.server, "x")
    }),
]

private let shortCoverage: [SignedAnswer] = {
  let parts = SignedAnswer.coverage.split(separator: " ").map(String.init)
  let without = parts.indices.map { missing in
    var rest = parts
    let gone = rest.remove(at: missing)
    return SignedAnswer(
      "without \(gone)", is: .refused(.signatureCoverageShort),
      covering(rest.joined(separator: " ")))
  }
  let others = [
    #""content-digest";req;key="sha-256""#, #""x-a";req"#, #""content-digest";sf"#,
    #""@path";req"#,
  ].map { stand in
    SignedAnswer(
      "\(stand) for the request's digest", is: .refused(.signatureCoverageShort),
      covering(SignedAnswer.coverage.replacing(#""content-digest";req"#, with: stand)))
  }
  return without + others + [
    SignedAnswer("nothing covered", is: .refused(.signatureCoverageShort), covering(""))
  ]
}()

private let parameterRows: [(String, String, RefusalReason)] = [
  ("no nonce", #";created=1700000000;tag="verdict""#, .tokenMissing),
  ("another nonce", #";created=1700000000;nonce="dGhlIG5vbmNM";tag="verdict""#, .tokenMismatch),
  ("an empty nonce", #";created=1700000000;nonce="";tag="verdict""#, .tokenMismatch),
  ("a longer nonce", #";created=1700000000;nonce="dGhlIG5vbmNlA";tag="verdict""#, .tokenMismatch),
  (
    "a nonce in capitals", #";created=1700000000;nonce="DGHLIG5VBMNL";tag="verdict""#,
    .tokenMismatch
  ),
  ("a nonce that is a token", #";created=1700000000;nonce=dGhl;tag="verdict""#, .proofMalformed),
  ("no time", #";nonce="dGhlIG5vbmNl";tag="verdict""#, .signatureUndated),
  ("too early", #";created=1699999994;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedBeforeRequest),
  (
    "an hour early", #";created=1699996400;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .issuedBeforeRequest
  ),
  ("at zero", #";created=0;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedBeforeRequest),
  ("in the future", #";created=1700000007;nonce="dGhlIG5vbmNl";tag="verdict""#, .issuedInFuture),
  (
    "at the end of time", #";created=999999999999999;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .issuedInFuture
  ),
  ("a time before zero", #";created=-1;nonce="dGhlIG5vbmNl";tag="verdict""#, .proofMalformed),
  ("a broken time", #";created=1.5;nonce="dGhlIG5vbmNl";tag="verdict""#, .proofMalformed),
  (
    "a time in a string", #";created="1700000000";nonce="dGhlIG5vbmNl";tag="verdict""#,
    .proofMalformed
  ),
  (
    "expired", #";created=1699999995;expires=1699999996;nonce="dGhlIG5vbmNl";tag="verdict""#,
    .expired
  ),
  (
    "expired before it was made",
    #";created=1700000003;expires=1700000002;nonce="dGhlIG5vbmNl";tag="verdict""#, .expired
  ),
  ("another tag", #";created=1700000000;nonce="dGhlIG5vbmNl";tag="verdicts""#, .proofMissing),
  ("a tag in capitals", #";created=1700000000;nonce="dGhlIG5vbmNl";tag="Verdict""#, .proofMissing),
  ("no tag", #";created=1700000000;nonce="dGhlIG5vbmNl""#, .proofMissing),
  (
    "a tag that is a token", #";created=1700000000;nonce="dGhlIG5vbmNl";tag=verdict"#,
    .proofMalformed
  ),
  ("two nonces", SignedAnswer.usual + #";nonce="dGhlIG5vbmNl""#, .proofRepeated),
  ("two times", SignedAnswer.usual + ";created=1700000000", .proofRepeated),
  ("two tags", SignedAnswer.usual + #";tag="verdict""#, .proofRepeated),
  ("a foreign letter", SignedAnswer.usual + ";x=\"\u{e9}\"", .proofMalformed),
  (
    "far too long", SignedAnswer.usual + ";x=\"\(String(repeating: "x", count: 9000))\"",
    .proofTooLong
  ),
]

private let wrongParameters = parameterRows.map {
  SignedAnswer($0.0, is: .refused($0.2), parameters($0.1))
}

private let componentRows: [(String, RefusalReason)] = [
  (#""content-digest""#, .proofRepeated), (#""@method";req"#, .proofRepeated),
  (#""@new""#, .signatureComponentUnusable), (#""@signature-params""#, .signatureComponentUnusable),
  (#""content-type";new"#, .signatureComponentUnusable),
  (#""expires";tr"#, .signatureComponentUnusable), (#""@method""#, .signatureComponentUnusable),
  (#""@status";req"#, .signatureComponentUnusable), (#""x-absent""#, .signatureComponentUnusable),
  (#""x-absent";req"#, .signatureComponentUnusable),
  (#""content-type";sf"#, .signatureComponentUnusable),
  (#""content-digest";key="sha-512""#, .signatureComponentUnusable),
  (#""@query-param";name="y";req"#, .signatureComponentUnusable),
  (#""Content-Type""#, .proofMalformed), (#""content-type";bs;sf"#, .proofMalformed),
  (#""@path";req=?0"#, .proofMalformed), ("content-type", .proofMalformed),
  ((0..<64).map { "\"x\($0)\"" }.joined(separator: " "), .proofTooLong),
]

private let wrongComponents = componentRows.map { more, reason in
  SignedAnswer("\(more.prefix(40)) covered as well", is: .refused(reason)) {
    $0.components += " " + more
  }
}

private let wrongMessages: [SignedAnswer] =
  [
    SignedAnswer(
      "no signature", is: .refused(.proofMissing),
      changing { head, _ in
        head.fields.removeAll(.signature)
        head.fields.removeAll(.signatureInput)
      }),
    SignedAnswer(
      "a signature alone", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.removeAll(.signatureInput)
      }),
    SignedAnswer(
      "an input alone", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.removeAll(.signature)
      }),
    SignedAnswer(
      "labels that differ", is: .refused(.proofMalformed),
      replacing(.signature, "verdict=", "other=")),
    SignedAnswer(
      "the fields twice", is: .refused(.proofRepeated),
      changing { head, _ in
        for field in [KnownField.signature, .signatureInput] {
          head.fields.append(field, Array(head.fields.first(field) ?? []))
        }
      }),
    SignedAnswer(
      "two that count", is: .refused(.proofRepeated),
      changing { head, _ in
        for field in [KnownField.signature, .signatureInput] {
          let value = Array(head.fields.first(field) ?? [])
          head.fields.append(field, bytes("a") + value)
        }
      }),
    SignedAnswer(
      "an input without its signature", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.append(.signatureInput, "other=()")
      }),
    SignedAnswer("no base64", is: .refused(.proofMalformed), replacing(.signature, "=:", "=:A")),
    SignedAnswer(
      "an empty signature", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.set(.signature, "verdict=::")
      }),
    SignedAnswer(
      "a signature in a string", is: .refused(.proofMalformed),
      changing { head, _ in
        head.fields.set(.signature, "verdict=\"AAAA\"")
      }),
    SignedAnswer(
      "a short signature", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.fields.set(.signature, "verdict=:AAAA:")
      }),
    SignedAnswer(
      "another status", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.status = Status(201)
      }),
    SignedAnswer("a no made a yes", is: .refused(.signatureInvalid)) {
      $0.status = 401
      $0.change = { head, _ in head.status = .ok }
    },
    SignedAnswer(
      "another digest", is: .refused(.signatureInvalid),
      changing { head, _ in
        head.fields.set(.contentDigest, (try? digestField("x")) ?? [])
      }),
    SignedAnswer(
      "other content under the digest", is: .refused(.responseDigestMismatch),
      changing { _, content in
        content = #"{"authorized":true }"#
      }),
    SignedAnswer(
      "no content under the digest", is: .refused(.responseDigestMismatch),
      changing { _, content in
        content = ""
      }),
    SignedAnswer("a digest of something else, signed", is: .refused(.responseDigestMismatch)) {
      $0.claimed = "something else"
    },
    SignedAnswer(
      "a digest more", is: .refused(.signatureInvalid),
      changing { head, _ in
        let digest = ClaimedDigest(algorithm: .sha512, bytes: [UInt8](repeating: 0, count: 64))
        head.fields.append(.contentDigest, DigestFields.fieldValue(digest))
      }),
    SignedAnswer("the answer to another method", is: .refused(.signatureInvalid)) {
      $0.asked.0 = .put
    },
    SignedAnswer("the answer to another path", is: .refused(.signatureInvalid)) {
      $0.asked.1 = "/reset?x=1"
    },
    SignedAnswer("the answer to another query", is: .refused(.signatureInvalid)) {
      $0.asked.1 = "/login?x=2"
    },
    SignedAnswer("the answer to another person", is: .refused(.signatureInvalid)) {
      $0.asked.2 = #"{"username":"bob"}"#
    },
    SignedAnswer(
      "a changed key", is: .refused(.signatureInvalid), replacing(.signatureInput, #""k""#, #""l""#)
    ),
    SignedAnswer("a time made younger", is: .refused(.signatureInvalid)) {
      $0.parameters = #";created=1600000000;nonce="dGhlIG5vbmNl";tag="verdict""#
      replacing(.signatureInput, "16000", "17000")(&$0)
    },
    SignedAnswer(
      "a parameter more", is: .refused(.signatureInvalid),
      replacing(.signatureInput, ";created", ";x;created")),
    SignedAnswer(
      "a parameter less", is: .refused(.signatureInvalid),
      replacing(.signatureInput, #";keyid="k""#, "")),
    SignedAnswer(
      "components in another order", is: .refused(.signatureInvalid),
      replacing(.signatureInput, #""@status" "content-digest" "#, #""content-digest" "@status" "#)),
    SignedAnswer(
      "an algorithm claimed after", is: .refused(.signatureInvalid),
      replacing(.signatureInput, ";created", #";alg="hmac-sha256";created"#)),
  ]

private let digestRows: [(String, RefusalReason)] = [
  ("md5=:AAAA:", .responseDigestMissing), ("sha-256=:AAAA:", .responseDigestMalformed),
  ("sha-256=\"x\"", .responseDigestMalformed), ("x", .responseDigestMalformed),
  ("sha-256=:", .proofMalformed), ("sha-256=:AAAA:, sha-256=:AAAA:", .proofRepeated),
]

private let wrongDigests = digestRows.map { digest, reason in
  SignedAnswer("\(digest) for a digest", is: .refused(reason)) { $0.digest = digest }
}

let signedAnswers: [SignedAnswer] = [
  rightAnswers, shortCoverage, wrongParameters, wrongComponents, wrongMessages, wrongDigests,
].flatMap { $0 }
