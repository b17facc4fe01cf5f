import Foundation
import JourneySupport
import Testing

/// `countersign keys` from outside.
@Suite struct KeysJourneyTests {
  private struct Outcome {
    var status: ChildProcess.Ending
    var output: String
    var errors: String
  }

  private func keys(_ arguments: String...) throws -> Outcome {
    let process = try ChildProcess(
      try Programs.countersign(), ["keys"] + arguments, environment: ["NO_COLOR": "1"])
    let ending = try process.waitForEnd()
    return Outcome(status: ending, output: process.output.text, errors: process.errors.text)
  }

  private func object(_ text: String) throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(value as? [String: Any])
  }

  @Test(arguments: [("EdDSA", "OKP"), ("ES256", "EC"), ("ES384", "EC")])
  func `a key is made for its owner alone, and named by its thumbprint`(
    algorithm: String, type: String
  ) throws {
    let directory = try TemporaryDirectory()
    let file = "\(directory.path)/key.pem"
    let made = try keys("generate", "--algorithm", algorithm, file)
    #expect(made.status == .exited(0), "\(made.errors)")
    let facts = try FileManager.default.attributesOfItem(atPath: file)
    #expect(facts[.posixPermissions] as? Int == 0o600)
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("BEGIN PRIVATE KEY"))
    let jwk = try object(made.output)
    #expect(jwk["kty"] as? String == type)
    #expect(jwk["alg"] as? String == algorithm)
    #expect(jwk["use"] as? String == "sig")
    #expect(jwk["d"] == nil)
    let thumbprint = try keys("thumbprint", file)
    #expect(thumbprint.output == "\(jwk["kid"] as? String ?? "")\n")
    let published = try directory.write(made.output, to: "key.json")
    #expect(try keys("thumbprint", published).output == thumbprint.output)
  }

  @Test func `a file that is there is left as it is`() throws {
    let directory = try TemporaryDirectory()
    let file = try directory.write("precious", to: "key.pem")
    let outcome = try keys("generate", file)
    #expect(outcome.status == .exited(73))
    #expect(outcome.errors.contains("not written over"))
    #expect(outcome.output == "")
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "precious")
    #expect(try keys("generate", "\(directory.path)/nowhere/key.pem").status == .exited(73))
  }

  @Test func `a set holds the public halves of all keys in their order`() throws {
    let directory = try TemporaryDirectory()
    let files = ["old.pem", "new.pem"].map { "\(directory.path)/\($0)" }
    _ = try keys("generate", files[0])
    _ = try keys("generate", "--algorithm", "ES256", files[1])
    let set = try keys("jwks", files[1], files[0])
    #expect(set.status == .exited(0), "\(set.errors)")
    let list = try #require(try object(set.output)["keys"] as? [[String: Any]])
    #expect(list.map { $0["alg"] as? String } == ["ES256", "EdDSA"])
    #expect(list.allSatisfy { $0["d"] == nil })
    let twice = try keys("jwks", files[0], files[0])
    #expect(twice.status == .exited(78))
    #expect(twice.output == "")
  }

  @Test func `what is no key is refused with a sentence`() throws {
    let directory = try TemporaryDirectory()
    let cases = [
      ("nothing here", "no PEM block"), ("{\"kty\":\"OKP\"}", "jwk-member-missing"),
      ("{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T\"}", "shared secret"),
      ("{", "is not JSON"), ("{\"keys\":[]}", "no key that can be used"),
    ]
    for (text, expected) in cases {
      let outcome = try keys("jwks", try directory.write(text, to: "key"))
      #expect(outcome.status == .exited(78))
      #expect(outcome.output == "")
      #expect(outcome.errors.contains(expected), "\(outcome.errors)")
    }
    #expect(try keys("thumbprint", "\(directory.path)/nowhere").status == .exited(78))
    #expect(try keys("jwks").status == .exited(64))
  }
}
