internal import ArgumentParser
internal import Cryptography
internal import JOSE
internal import Platform
internal import Primitives

/// A file with a key: PEM of any kind, or a JWK.
struct KeyFile {
  /// Why a file cannot be read, used or made, as a sentence, and what the program ends with.
  struct Trouble: Error {
    let sentence: String
    let status: ExitStatus

    /// Tells it, and answers how the program ends.
    func told() -> ExitCode {
      Terminal.complain("countersign keys: \(sentence)")
      return status.code
    }
  }

  private let path: String
  private let key: VerificationKey
  private let components: PublicKeyComponents

  private init(path: String, key: VerificationKey) throws(Trouble) {
    guard let components = key.components else {
      throw Trouble(
        sentence: "\(path) holds a shared secret, which has no public half", status: .configuration)
    }
    self.path = path
    self.key = key
    self.components = components
  }

  /// Reads a key.
  ///
  /// - Parameter rsa: What an RSA key signs with that does not say it.
  init(path: String, rsa: SignatureAlgorithm) throws(Trouble) {
    var bytes = try Self.content(of: path)
    defer { cleanse(&bytes) }
    let entries: [KeySet.Entry]
    do throws(KeyText.Refusal) {
      // Pinned: a file of the operator's own, whose private half is not a leak.
      let set = try KeyText.keys(in: bytes, from: .pinned, rsaAlgorithm: rsa)
      entries = set.keys.entries
    } catch {
      throw Trouble(
        sentence: "the key in \(path) \(error.explanation)", status: .configuration)
    }
    guard let key = entries.first?.key, entries.count == 1 else {
      throw Trouble(
        sentence: "\(path) holds several keys; name files with one key each",
        status: .configuration)
    }
    try self.init(path: path, key: key)
  }

  private static func content(of path: String) throws(Trouble) -> [UInt8] {
    do throws(SystemError) {
      return try SecretFile(path: path, limit: KeyLimits.maximumPEMBytes).bytes
    } catch {
      throw Trouble(sentence: "cannot read \(path): \(error.reason)", status: .configuration)
    }
  }

  /// Makes a key and writes its private half to a new file.
  static func make(_ kind: SigningKey.Kind, at path: String) throws(Trouble) -> KeyFile {
    let key: SigningKey
    var text: [UInt8]
    do throws(KeyError) {
      key = try SigningKey.generate(kind)
      text = try key.privatePEM() ?? []
    } catch {
      throw Trouble(sentence: "a key cannot be made: it \(error)", status: .system)
    }
    defer { cleanse(&text) }
    do throws(SystemError) {
      try SecretFile.make(path: path, holding: text.span)
    } catch {
      let remedy = error.isTaken ? "; keys are not written over, name another file" : ""
      throw Trouble(
        sentence: "cannot make \(path): \(error.reason)\(remedy)", status: .cannotCreate)
    }
    return try KeyFile(path: path, key: key.verificationKey)
  }

  /// `kid`.
  func thumbprint() throws(Trouble) -> [UInt8] {
    do throws(CryptographyError) {
      return try JWK.thumbprint(of: components)
    } catch {
      throw Trouble(sentence: "the thumbprint of \(path): \(error)", status: .system)
    }
  }

  /// The public half as a JWK.
  func publicText() throws(Trouble) -> String {
    let text = JWK.text(of: key, identifier: try thumbprint()) ?? []
    return String(decoding: text, as: UTF8.self)
  }

  /// The public halves as a JWK Set. The same key twice is a mistake.
  static func setText(
    of paths: [String], rsa: SignatureAlgorithm
  ) throws(Trouble) -> String {
    var keys: [(identifier: [UInt8], key: VerificationKey)] = []
    for path in paths {
      let file = try KeyFile(path: path, rsa: rsa)
      let thumbprint = try file.thumbprint()
      guard !keys.contains(where: { $0.identifier == thumbprint }) else {
        throw Trouble(
          sentence: "\(path) holds a key that another of the files holds, too",
          status: .configuration)
      }
      keys.append((identifier: thumbprint, key: file.key))
    }
    return String(decoding: JWK.setText(of: keys), as: UTF8.self)
  }
}
