import HTTPModel
import HTTPWire
import Testing

@Suite struct ProtocolViolationTests {
  @Test func `every code has a name in kebab case, a sentence and a status of its own`() {
    let ours = ProtocolViolation(.unsendableMessage)
    for code in ProtocolViolation.Code.allCases {
      let violation = ProtocolViolation(code)
      let isKebab = code.rawValue.utf8.allSatisfy {
        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
      }
      #expect(isKebab, "\(code.rawValue)")
      #expect(violation.message.hasSuffix("."), "\(code.rawValue)")
      #expect([400, 414, 417, 431, 501, 505, 500].contains(violation.status.code))
      #expect((violation.message == ours.message) == (code == .unsendableMessage), "\(code)")
      #expect((violation.status.code == 500) == (code == .unsendableMessage), "\(code)")
    }
  }

  @Test func `a message tells the place and the field`() {
    let violation = ProtocolViolation(.forbiddenTrailer, at: 7, field: .host)
    #expect(violation.message.hasSuffix(" Field: Host. Offset: 7."))
  }
}
