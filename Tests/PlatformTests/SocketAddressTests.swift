import Platform
import Testing

@Suite struct SocketAddressTests {
  @Test(arguments: [
    "0.0.0.0:8443", "127.0.0.1:0", "255.1.20.3:65535", "[::1]:80", "[2001:db8::7]:443",
    "[::ffff:10.0.0.1]:1", "unix:/run/countersign.sock", "unix:@abstract",
  ])
  func `an address reads and writes the same text`(text: String) throws {
    #expect(try #require(SocketAddress(text)).description == text)
  }

  @Test(arguments: [
    "", ":80", "localhost:80", "1.2.3:80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:-1",
    "1.2.3.4:+1", "::1:80", "[::1]", "[1.2.3.4]:80", "unix:", "[fe80::1%nosuchinterface]:80",
    "unix:/\(String(repeating: "a", count: 107))",
  ])
  func `what is no address is not taken for one`(text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test func `the host alone is what forwarding fields carry`() throws {
    #expect(try #require(SocketAddress("10.0.0.1:80")).hostText == "10.0.0.1")
    #expect(try #require(SocketAddress("[2001:DB8:0:0::7]:80")).hostText == "2001:db8::7")
  }

  @Test func `the port can be changed`() throws {
    #expect(try #require(SocketAddress("[::1]:80")).withPort(81).description == "[::1]:81")
    #expect(try #require(SocketAddress("unix:/x")).port == nil)
  }
}
