import HTTPModel
import Testing

@Suite struct PeerClaimsTests {
  @Test(arguments: [
    "X-Host", "x-host", "X_Host", "X-Forwarded", "X-Forwarded-Anything", "x_forwarded_prefix",
    "Front-End-Https", "True-Client-IP", "CF_Connecting_IP", "X-Original-Host",
  ])
  func `what frameworks take for another host's word is a claim`(name: String) {
    #expect(PeerClaims.contains(Array(name.utf8)[...]))
  }

  @Test(arguments: [
    "X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-URL", "X-Requested-With", "X-Hosts",
    "X-Forward", "Client", "From", "", "Forwarded-Prefixes",
  ])
  func `other names are none`(name: String) {
    #expect(!PeerClaims.contains(Array(name.utf8)[...]))
  }

  @Test func `claims go, the rest stays in its order`() {
    var fields = FieldSection()
    for name in ["A", "X-Host", "X-Real-IP", "B", "Host"] {
      fields.append(name: Array(name.utf8), value: Array("1".utf8))
    }
    fields.removePeerClaims()
    #expect(
      fields.lines.map { String(decoding: fields.name(of: $0), as: UTF8.self) } == [
        "A", "B", "Host",
      ])
    #expect(fields.contains(.host))
    #expect(!fields.contains(.xRealIP))
  }
}
