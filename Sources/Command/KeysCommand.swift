internal import ArgumentParser
internal import Cryptography
internal import JOSE

/// `countersign keys`: keys that sign verdicts.
struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys",
    abstract: "Make keys that sign verdicts, and publish their public halves.",
    discussion: """
      To rotate a key without a gap: verifiers must know the new key before it signs, and the old \
      one until the last verdict it signed has expired.

        1. countersign keys generate new.pem
        2. countersign keys jwks new.pem old.pem > keys.json
           Publish keys.json, and wait until every verifier has fetched it:
           its max-age, or ten minutes where it says nothing.
        3. Sign with new.pem: change the settings, reload.
        4. Wait for the lifetime of a verdict (a minute at most) and the skew.
           countersign keys jwks new.pem > keys.json
           Publish keys.json, and remove old.pem.

      A key that somebody else may have seen is rotated without the waiting: what it signed is \
      then refused, which is what you want.
      """,
    subcommands: [KeysGenerateCommand.self, KeysSetCommand.self, KeysThumbprintCommand.self])
}

/// What `--algorithm` takes: for keys that are made, and for RSA keys, which do not say it.
enum KeyAlgorithm: String, ExpressibleByArgument, CaseIterable {
  case eddsa = "EdDSA"
  case es256 = "ES256"
  case es384 = "ES384"

  var kind: SigningKey.Kind {
    switch self {
    case .eddsa: .ed25519
    case .es256: .p256
    case .es384: .p384
    }
  }
}

/// How an RSA key signs.
enum RSAAlgorithm: String, ExpressibleByArgument, CaseIterable {
  case rs256 = "RS256"
  case ps256 = "PS256"
  case ps512 = "PS512"

  var algorithm: SignatureAlgorithm {
    switch self {
    case .rs256: .rsaPKCS1SHA256
    case .ps256: .rsaPSSSHA256
    case .ps512: .rsaPSSSHA512
    }
  }
}

/// `countersign keys generate`.
struct KeysGenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Make a key, write its private half to a file, print its public half.",
    discussion: """
      The file is PKCS #8 in PEM form, not encrypted, for its owner to read and nobody else. A \
      file that is there is never written over. What is printed is a JWK; its kid is the key's \
      thumbprint (RFC 7638). Exit status 73 when the file cannot be made.

        countersign keys generate verdicts.pem
        countersign keys generate --algorithm ES256 verdicts.pem
      """)

  @Option(help: "What the key signs with: EdDSA, ES256 or ES384.")
  var algorithm = KeyAlgorithm.eddsa

  @Argument(help: "The file to make.")
  var file: String

  func run() throws {
    do throws(KeyFile.Trouble) {
      let key = try KeyFile.make(algorithm.kind, at: file)
      Terminal.tell(try key.publicText())
    } catch {
      throw error.told()
    }
  }
}

/// `countersign keys jwks`.
struct KeysSetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "jwks",
    abstract: "Print the key set that verifiers fetch, of one or more keys.",
    discussion: """
      Takes private keys, public keys and certificates in PEM form, and JWKs; prints their public \
      halves as a JWK Set (RFC 7517), each with its thumbprint as kid, in the order given. Shared \
      secrets are refused. Exit status 78 when a file cannot be used.

        countersign keys jwks verdicts.pem > keys.json
        countersign keys jwks new.pem old.pem
      """)

  @Option(help: "What RSA keys sign with: RS256, PS256 or PS512.")
  var rsa = RSAAlgorithm.rs256

  @Argument(help: "The files with the keys.")
  var files: [String]

  func run() throws {
    do throws(KeyFile.Trouble) {
      Terminal.tell(try KeyFile.setText(of: files, rsa: rsa.algorithm))
    } catch {
      throw error.told()
    }
  }
}

/// `countersign keys thumbprint`.
struct KeysThumbprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thumbprint",
    abstract: "Print the thumbprint of a key, by which it is named.",
    discussion: """
      The SHA-256 thumbprint of RFC 7638 in base64url: the same for the private key, the public \
      key and a certificate. Exit status 78 when the file cannot be used.

        countersign keys thumbprint verdicts.pem
      """)

  @Argument(help: "The file with the key.")
  var file: String

  func run() throws {
    do throws(KeyFile.Trouble) {
      // The thumbprint of an RSA key does not depend on how it signs.
      let key = try KeyFile(path: file, rsa: .rsaPKCS1SHA256)
      Terminal.tell(String(decoding: try key.thumbprint(), as: UTF8.self))
    } catch {
      throw error.told()
    }
  }
}
