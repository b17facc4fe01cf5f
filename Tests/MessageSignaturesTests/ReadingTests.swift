import HTTPModel
import MessageSignatures
import Testing

/// What is read as a signature, and what is refused.
@Suite struct ReadingTests {
  private func fault(_ input: [String], _ signature: [String]) -> SignatureFault? {
    let fields = section(
      input.map { ("Signature-Input", $0) } + signature.map { ("Signature", $0) })
    do {
      _ = try MessageSignature.all(in: fields)
      return nil
    } catch { return error }
  }

  private func fault(_ member: String) -> SignatureFault? { fault(["x=" + member], ["x=:AAAA:"]) }

  @Test func `a signature is read whole`() throws {
    let text =
      #"("@status" "@method";req);created=1;expires=2;keyid="k";alg="ed25519";nonce="n";tag="t""#
    let all = try MessageSignature.all(
      in: section([("Signature-Input", "a=" + text), ("Signature", "a=:AQID:")]))
    let signature = try #require(all.first)
    #expect(all.count == 1)
    #expect(signature.label == bytes("a"))
    #expect(signature.signature == [1, 2, 3])
    #expect(
      signature.parameters.components == [
        ComponentIdentifier(.status), ComponentIdentifier(.method, ofRequest: true),
      ])
    #expect(signature.parameters.created == 1)
    #expect(signature.parameters.expires == 2)
    #expect(signature.parameters.keyID == bytes("k"))
    #expect(signature.parameters.algorithm == bytes("ed25519"))
    #expect(signature.parameters.nonce == bytes("n"))
    #expect(signature.parameters.tag == bytes("t"))
    #expect(signature.parameters.text == bytes(text))
    #expect(signature.inputFieldValue == bytes("a=" + text))
    #expect(signature.fieldValue == bytes("a=:AQID:"))
  }

  @Test func `white space goes, the order and unknown parameters stay`() throws {
    let read = try parameters(
      #"(  "@path"  "date"  );  b="x" ;created=5"#.replacing(" ;", with: ";"))
    #expect(text(read.text) == #"("@path" "date");b="x";created=5"#)
  }

  @Test func `what is made reads as it was meant`() throws {
    let made = try SignatureParameters(
      components: [
        ComponentIdentifier(.status), ComponentIdentifier(field: bytes("Content-Digest")),
        ComponentIdentifier(.targetURI, ofRequest: true),
        ComponentIdentifier(field: bytes("content-digest"), ofRequest: true),
      ], created: 7, expires: 9, nonce: bytes(#"a"\b"#), algorithm: bytes("ed25519"),
      keyID: bytes("k"), tag: bytes("t"))
    #expect(try parameters(text(made.text)) == made)
  }

  @Test(arguments: [
    "(\"\u{e9}\")", "(date)", "(1)", "(:AA==:)", "(?1)", #"("Date")"#, #"("a b")"#, #"("")"#,
    #"("date";sf=?0)"#, #"("date";sf=1)"#, #"("date";bs="x")"#, #"("date";req=?0)"#,
    #"("date";key=a)"#, #"("date";key)"#, #"("date";bs;sf)"#, #"("date";bs;key="a")"#,
    #"("date";name="a")"#, #"("@method";sf)"#, #"("@method";bs)"#, #"("@method";key="a")"#,
    #"("@method";name="a")"#, #"("@query-param")"#, #"("@query-param";name)"#,
    #"("date";tr=?0)"#,
  ])
  func `a component that is not written as demanded is refused`(member: String) {
    let found = fault(member)
    #expect(
      found == .componentMalformed || found == .fieldUnreadable, "\(String(describing: found))")
  }

  @Test(arguments: [
    #"("@signature-params")"#, #"("@unknown")"#, #"("@")"#, #"("@Method")"#, #"("date";x)"#,
    #"("@method";x=1)"#, #"("date";req;foo)"#, #"("@request-response";key="a")"#,
  ])
  func `a component or parameter that nobody here knows is refused`(member: String) {
    #expect(fault(member) == .componentUnknown)
  }

  @Test func `trailers are not kept, so they cannot be covered`() {
    #expect(fault(#"("expires";tr)"#) == .componentOfTrailer)
    #expect(fault(#"("expires";tr;sf)"#) == .componentOfTrailer)
  }

  @Test(arguments: [
    #"("date" "date")"#, #"("@method" "@method")"#, #"("@method";req "@method";req)"#,
    #"("date";req;sf "date";sf;req)"#, #"("@query-param";name="a" "@query-param";name="a")"#,
    #"("date";req;key="a" "date";key="a";req)"#,
  ])
  func `a component that is covered twice is refused, in whatever order its parameters are`(
    member: String
  ) {
    #expect(fault(member) == .componentRepeated)
  }

  @Test(arguments: [
    #"("date" "date";req)"#, #"("date" "date";sf)"#, #"("date";key="a" "date";key="b")"#,
    #"("@query-param";name="a" "@query-param";name="b")"#, #"("date" "date";bs)"#, "()",
    #"("date";key="a" "date";key="a";sf)"#,
  ])
  func `components that differ may be covered together`(member: String) {
    #expect(fault(member) == nil)
  }

  @Test(arguments: [
    (["a=()", "a=()"], ["a=:AAAA:"]), (["a=(), a=()"], ["a=:AAAA:"]),
    (["a=()"], ["a=:AAAA:", "a=:AAAA:"]), (["a=();created=1;created=2"], ["a=:AAAA:"]),
    (["a=();nonce=\"a;\";nonce=\"b\""], ["a=:AAAA:"]),
    ([#"a=("date";req;req)"#], ["a=:AAAA:"]), (["a=();tag=\"a\";tag=\"a\""], ["a=:AAAA:"]),
    ([#"a=("x";key="\"";key="b")"#], ["a=:AAAA:"]),
    ([#"a=();x=%"\";x=%"b""#], ["a=:AAAA:"]),
  ])
  func `a label or a parameter that occurs twice is refused`(
    input: [String], signature: [String]
  ) {
    #expect(fault(input, signature) == .memberRepeated)
  }

  @Test(arguments: [
    (#"a=();nonce=";,;,""#), (#"a=();nonce="\";\\""#), (#"a=();x=%"%22;,\";nonce="a""#),
    (#"a=("date";key=",;");nonce="x""#),
  ])
  func `marks in strings part nothing`(input: String) {
    #expect(fault([input], ["a=:AAAA:"]) == nil)
  }

  @Test(arguments: [
    ("a=1", "a=:AAAA:"), ("a", "a=:AAAA:"), ("a=();created=1.5", "a=:AAAA:"),
    ("a=();created=-1", "a=:AAAA:"), ("a=();created", "a=:AAAA:"),
    ("a=();created=@1", "a=:AAAA:"), ("a=();nonce=x", "a=:AAAA:"),
    ("a=();keyid=:AAAA:", "a=:AAAA:"), ("a=();alg=1", "a=:AAAA:"), ("a=();tag=t", "a=:AAAA:"),
    ("a=();expires=\"1\"", "a=:AAAA:"),
  ])
  func `a member that is no list, or whose parameters are of another kind, is refused`(
    input: String, signature: String
  ) {
    #expect(fault([input], [signature]) == .inputMalformed)
  }

  @Test(arguments: [
    "a=1", "a=\"AAAA\"", "a", "a=(:AAAA:)", "a=::", "a=:AAA:", "a=:AAB=:", "a=:A===:", "a=:AA=A:",
  ])
  func `a signature that is no byte sequence in its one spelling is refused`(signature: String) {
    #expect(fault(["a=()"], [signature]) == .signatureMalformed)
  }

  @Test(
    arguments: [
      (["a=()"], [], .inputWithoutSignature), ([], ["a=:AAAA:"], .signatureWithoutInput),
      (["a=()"], ["b=:AAAA:"], .inputWithoutSignature),
      (["a=()"], ["a=:AAAA:, b=:AAAA:"], .signatureWithoutInput),
      (["a=(), b=()"], ["a=:AAAA:"], .inputWithoutSignature),
    ] as [([String], [String], SignatureFault)])
  func `a label has to be in both fields`(
    input: [String], signature: [String], expected: SignatureFault
  ) {
    #expect(fault(input, signature) == expected)
  }

  @Test(arguments: [
    "a=(", "a=()x", "a=(),", "=()", "A=()", "a=();", "a=(\"date)", "a=() b=()", "", ",",
    "a=()\u{1}",
    "a=(\"date\"\"path\")", "a=();created=1234567890123456", "\u{e9}=()",
  ])
  func `what is no dictionary is refused`(input: String) {
    #expect(fault([input], ["a=:AAAA:"]) == .fieldUnreadable)
  }

  @Test func `limits are kept`() {
    let many = (0..<65).map { "\"x\($0)\"" }.joined(separator: " ")
    #expect(fault("(\(many))") == .tooManyComponents)
    let allowed = (0..<64).map { "\"x\($0)\"" }.joined(separator: " ")
    #expect(fault("(\(allowed))") == nil)
    let long = String(repeating: "a", count: 8192)
    #expect(fault("();nonce=\"\(long)\"") == .fieldTooLong)
    let lines = (0..<3000).map { "a\($0)=()" }
    #expect(fault(lines, ["a=:AAAA:"]) == .fieldTooLong)
  }

  // MARK: The one that counts

  private func only(_ input: String, _ signature: String) -> Result<[UInt8], SignatureFault> {
    let fields = section([("Signature-Input", input), ("Signature", signature)])
    do throws(SignatureFault) {
      return .success(try MessageSignature.only(tagged: bytes("verdict"), in: fields).label)
    } catch { return .failure(error) }
  }

  @Test func `among several signatures the one with the tag counts`() {
    #expect(
      only(#"a=();tag="x", b=();tag="verdict", c=()"#, "a=:AAAA:, b=:AAAA:, c=:AAAA:")
        == .success(bytes("b")))
    #expect(only(#"a=();tag="Verdict""#, "a=:AAAA:") == .failure(.signatureMissing))
    #expect(only("a=()", "a=:AAAA:") == .failure(.signatureMissing))
    #expect(
      only(#"a=();tag="verdict", b=();tag="verdict""#, "a=:AAAA:, b=:AAAA:")
        == .failure(.signatureAmbiguous))
  }

  @Test func `what other signatures cover is their own affair`() {
    #expect(
      only(#"a=("@new";how);tag="x", b=();tag="verdict""#, "a=1, b=:AAAA:")
        == .success(bytes("b")))
  }

  @Test func `a message without signatures has none`() throws {
    #expect(try MessageSignature.all(in: section([])).isEmpty)
    #expect(throws: SignatureFault.signatureMissing) {
      try MessageSignature.only(tagged: bytes("t"), in: section([]))
    }
  }

  // MARK: The usual spelling

  private func plain(_ input: String, _ signature: String = "a=:AAAA:") -> MessageSignature? {
    CanonicalSignature.read(
      tagged: bytes("t"), in: section([("Signature-Input", input), ("Signature", signature)]))
  }

  @Test(arguments: [
    #"a=();tag="t""#, #"a=("date");tag="t""#, #"a=("@status" "@method";req "x";req);tag="t""#,
    #"a=("@path";req);created=1;expires=0;nonce="n";alg="x";keyid="k ;,";tag="t""#,
    #"a=();tag="t";created=999999999999999"#, #"*-_.9=();tag="t""#,
  ])
  func `the usual spelling is read as the parser reads it`(input: String) throws {
    let signature = String(input.prefix { $0 != "=" }) + "=:AAAA:"
    let fields = section([("Signature-Input", input), ("Signature", signature)])
    let read = try #require(plain(input, signature))
    #expect(try read == MessageSignature.parsed(tagged: bytes("t"), in: fields))
  }

  @Test(arguments: [
    #"a=( );tag="t""#, #"a=("date"  "x");tag="t""#, #"a=("date");tag="t","#, #"a=();tag="t", b=()"#,
    #"a=();tag="t";x"#, #"a=();tag="t";created=01"#, #"a=();tag="t";created=-1"#, #"a=();tag="T""#,
    #"a=();tag="t";tag="t""#, #"a=();nonce="\";tag="t""#, #"a=("date" "date");tag="t""#,
    #"a=("date";sf);tag="t""#, #"a=("@status";req);tag="t""#, #"a=("@method");tag="t""#, "a=()",
    #"a=("Date");tag="t""#, #"a=("");tag="t""#, #"a=();tag="t" "#, #"a=();created;tag="t""#,
    #"a=("x""y");tag="t""#, #"a=("x";req;req);tag="t""#, #"a=("x";req=?1);tag="t""#, "a=1", "",
    #"a=();tag="t";created=1000000000000000"#, #"a=("@query-param";name="a";req);tag="t""#,
  ])
  func `everything else is left to the parser`(input: String) {
    #expect(plain(input) == nil)
  }

  @Test(arguments: [
    "b=:AAAA:", "a=:AAA:", "a=::", "a=\"AAAA\"", "a", "a=:", "a=:AAAA:;x", "aa=:AAAA:",
  ])
  func `a signature that is spelled otherwise is left to the parser`(signature: String) {
    #expect(plain(#"a=();tag="t""#, signature) == nil)
  }

  // MARK: What is asked for

  @Test func `what is asked for reads as it was meant`() throws {
    let wanted = RequestedSignature(
      label: bytes("verdict"),
      components: [
        ComponentIdentifier(.status), ComponentIdentifier(field: bytes("content-digest")),
        ComponentIdentifier(.method, ofRequest: true),
        ComponentIdentifier(.targetURI, ofRequest: true),
        ComponentIdentifier(field: bytes("content-digest"), ofRequest: true),
      ], nonce: bytes("abc"), tag: bytes("verdict"))
    let value = try wanted.fieldValue()
    #expect(
      text(value) == #"verdict=("@status" "content-digest" "@method";req "@target-uri";req "#
        + #""content-digest";req);created;nonce="abc";tag="verdict""#)
    #expect(
      try RequestedSignature.all(in: section([("Accept-Signature", text(value))])) == [wanted])
  }

  @Test(
    arguments: [
      ("a=1", .inputMalformed), ("a=();created=1", .inputMalformed),
      ("a=(), a=()", .memberRepeated),
      ("a=(\"date\" \"date\")", .componentRepeated), ("a=(", .fieldUnreadable),
      ("a=();tag=t", .inputMalformed),
    ] as [(String, SignatureFault)])
  func `what is asked for wrongly is refused`(value: String, expected: SignatureFault) {
    #expect(throws: expected) {
      try RequestedSignature.all(in: section([("Accept-Signature", value)]))
    }
  }

  @Test func `who asks for nothing is given nothing`() throws {
    #expect(try RequestedSignature.all(in: section([])).isEmpty)
  }
}
