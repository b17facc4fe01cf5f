import Glibc
import Platform
import Primitives
import Testing

@Suite(.serialized) struct ProcessTests {
  @Test func `errors are sentences with the call, the operand and the reason`() {
    let error = SystemError(call: "bind", code: EADDRINUSE, subject: "0.0.0.0:80")
    #expect(error.description == "bind failed for 0.0.0.0:80: Address already in use (98).")
    #expect(error.isAddressInUse)
  }

  @Test func `the descriptor limit is raised to the most that is allowed`() throws {
    let raised = try ProcessLimits.raiseDescriptorLimit()
    #expect(try ProcessLimits.descriptorLimit() == raised)
    #expect(try ProcessLimits.raiseDescriptorLimit() == raised)
  }

  @Test func `usage is read`() throws {
    #expect(ProcessUsage.residentBytes > 1_000_000)
    #expect(ProcessUsage.openDescriptors >= 3)
    #expect(ProcessUsage.processorNanoseconds > 0)
  }

  @Test func `an unknown user is one clear error`() {
    #expect(throws: SystemError.self) { try Privileges.drop(toUser: "no-such-user-here") }
  }

  @Test(.enabled(if: Privileges.isRoot))
  func `a dropped privilege is gone for good, and so are core dumps`() async {
    await #expect(processExitsWith: .success) {
      try Privileges.drop(toUser: "nobody")
      try ProcessLimits.disableCoreDumps()
      #expect(!Privileges.isRoot && getuid() != 0 && getgid() != 0)
      #expect(setuid(0) != 0 && setgid(0) != 0)
      #expect(!ProcessLimits.isDumpable)
    }
  }

  @Test func `readiness is told to the service manager's socket`() throws {
    let name = "@countersign-notify-\(getpid())"
    let server = try datagramSocket(name)
    setenv("NOTIFY_SOCKET", name, 1)
    defer { unsetenv("NOTIFY_SOCKET") }
    #expect(try ServiceNotification.ready.send())
    #expect(try ServiceNotification.status("two\nlines").send())
    #expect(receive(server) == "READY=1\n")
    #expect(receive(server) == "STATUS=two lines\n")
    unsetenv("NOTIFY_SOCKET")
    #expect(try !ServiceNotification.stopping.send())
    close(server)
  }

  private func datagramSocket(_ name: String) throws -> Int32 {
    let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = [0] + Array(name.utf8.dropFirst())
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let length = socklen_t(2 + bytes.count)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
    }
    try #require(result == 0)
    return number
  }

  private func receive(_ number: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = recv(number, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
  }
}
