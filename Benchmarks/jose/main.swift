import Cryptography
import Glibc
import JOSE
import Primitives

// jose-benchmark: CPU a token, signed and verified whole, beside the same key's primitive on the
// same bytes. Run it beside `openssl speed`; see Benchmarks/JOSE.md.
//
//   jose-benchmark [rounds]

/// CPU seconds of this process.
func cpuTime() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// The median of five runs, in microseconds of CPU a call.
func measure(_ rounds: Int, _ body: () throws -> Void) rethrows -> Double {
  var results: [Double] = []
  for _ in 0..<5 {
    let start = cpuTime()
    for _ in 0..<rounds { try body() }
    results.append((cpuTime() - start) * 1e6 / Double(rounds))
  }
  return results.sorted()[2]
}

/// A number with one decimal, in a column.
func column(_ number: Double) -> String {
  let tenths = Int((number * 10).rounded())
  let text = "\(tenths / 10).\(abs(tenths % 10))"
  return String(repeating: " ", count: max(0, 9 - text.count)) + text
}

let claims = Array(
  """
  {"iss":"https://auth.example","aud":"edge","iat":1799999990,"exp":1800000030,\
  "jti":"0f2b6b1c9a","txn":"Yt6Zb0F6l2iQyq3n4n9m0A","nonce":"mJ3b1l4bq3Zx8fQv7y5t2w","sub":"alice",\
  "preferred_username":"alice","decision":true,"htm":"POST","htu":"https://auth.example/login",\
  "user":{"name":"alice","groups":["staff","ops"]}}
  """.utf8)
let rules = JWTRules(
  type: .required(Array("verdict+jwt".utf8)), issuers: [Array("https://auth.example".utf8)],
  audience: Array("edge".utf8), required: [.expires, .issuedAt, .identifier, .subject],
  maximumLifetime: Seconds(60))
let now = WallTime(secondsSinceEpoch: 1_800_000_000)
let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 2000

/// The keys: fresh ones, a fixed secret, and RSA keys by their PEM files where they are given.
func keys() throws -> [(String, SigningKey)] {
  var keys: [(String, SigningKey)] = [
    ("HS256", try SigningKey(hmacSecret: Array(0..<32))),
    ("EdDSA", try .generate(.ed25519)), ("ES256", try .generate(.p256)),
    ("ES384", try .generate(.p384)),
  ]
  for path in CommandLine.arguments.dropFirst(2) {
    guard let file = fopen(path, "r") else { continue }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 65536)
    text.removeLast(text.count - fread(&text, 1, text.count, file))
    keys.append(("RS256", try SigningKey(pem: text, algorithm: .rsaPKCS1SHA256)))
    keys.append(("PS256", try SigningKey(pem: text, algorithm: .rsaPSSSHA256)))
  }
  return keys
}

print("           primitive    token    more   primitive    token    more")
print("alg             sign     sign      us      verify   verify      us")
for (name, key) in try keys() {
  let identifier = Array("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".utf8)
  let signer = JWSSigner(key: key, type: "verdict+jwt", keyIdentifier: identifier)
  let set = KeySet([.init(identifier: identifier, key: key.verificationKey)])
  let token = try signer.sign(claims)
  let dot = token.lastIndex(of: 0x2E) ?? 0
  let input = Array(token[..<dot])
  let signature = try key.sign(input)
  let rounds = name == "HS256" ? rounds * 20 : rounds
  let sign = try measure(rounds) { _ = try key.sign(input) }
  let signToken = try measure(rounds) { _ = try signer.sign(claims) }
  let verify = try measure(rounds) {
    guard try key.verificationKey.isValid(signature, over: input) else { fatalError("invalid") }
  }
  let verifyToken = try measure(rounds) {
    _ = try VerifiedJWT(token, by: set, rules: rules, at: now)
  }
  print(
    "\(name)    " + column(sign) + column(signToken) + column(signToken - sign) + "   "
      + column(verify) + column(verifyToken) + column(verifyToken - verify))
}
