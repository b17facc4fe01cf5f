import Configuration
import Testing

struct NetworkAddressTests {
  @Test(arguments: [
    ("127.0.0.1", "127.0.0.1"), ("::", "::"), ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"),
    ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:10.0.0.1", "10.0.0.1"), ("fe80::", "fe80::"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
  ])
  func `an address is read and written`(text: String, written: String) {
    #expect(IPAddress(text: Array(text.utf8))?.description == written)
  }

  @Test(arguments: [
    "", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", ":::", "1::2::3", "1:2:3:4:5:6:7:8:9", "g::",
    "12345::", "localhost", "1:2:3:4:5:6:7::8:9",
  ])
  func `what is no address is refused`(text: String) {
    #expect(IPAddress(text: Array(text.utf8)) == nil)
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.9.8.7", true), ("10.0.0.0/8", "11.0.0.0", false),
    ("0.0.0.0/0", "255.1.2.3", true), ("0.0.0.0/0", "::1", false), ("::/0", "fd00::1", true),
    ("fd00::/8", "fdff::1", true), ("fd00::/8", "fe00::1", false), ("127.0.0.1", "127.0.0.1", true),
    ("2001:db8:0:1::/64", "2001:db8:0:1:5::", true), ("2001:db8::8/125", "2001:db8::f", true),
    ("2001:db8::8/125", "2001:db8::10", false),
  ])
  func `a block holds its addresses`(block: String, address: String, held: Bool) throws {
    let block = try #require(AddressBlock(text: Array(block.utf8)))
    let address = try #require(IPAddress(text: Array(address.utf8)))
    #expect(block.contains(address) == held)
  }

  @Test(arguments: ["10.0.0.1/8", "10.0.0.0/33", "::/129", "10.0.0.0/", "/8", "10.0.0.0/8/8"])
  func `a block with a bad length or stray bits is refused`(text: String) {
    #expect(AddressBlock(text: Array(text.utf8)) == nil)
  }
}
