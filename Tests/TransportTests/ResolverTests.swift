import Dispatch
import Platform
import Primitives
import Synchronization
import Testing
import Transport

@Suite struct ResolverTests {
  private static let name = HostAndPort(host: "auth.example", port: 443)

  @Test func `a literal address needs no look-up`() throws {
    let resolver = Resolver { _, _ in
      Issue.record("looked up")
      return []
    }
    let told = Mutex<[Resolution]>([])
    let literal = HostAndPort(host: "::1", port: 80)
    let watch = resolver.watch(literal, every: Seconds(1)) { found in
      told.withLock { $0.append(found) }
    }
    let expected = try #require(SocketAddress("[::1]:80"))
    #expect(told.withLock { $0 } == [Resolution(addresses: [expected], failure: nil)])
    watch.cancel()
  }

  @Test func `after a failure the last addresses stay, and the failure is told`() throws {
    let address = try #require(SocketAddress("10.0.0.1:443"))
    let failure = NameLookupError(host: "auth.example", code: -2)
    let calls = Atomic<Int>(0)
    let resolver = Resolver { (_, _) throws(NameLookupError) in
      // Succeeds, stays the same, fails, fails the same, recovers.
      switch calls.wrappingAdd(1, ordering: .relaxed).oldValue {
      case 2, 3: throw failure
      default: return [address]
      }
    }
    let told = Mutex<[Resolution]>([])
    let third = DispatchSemaphore(value: 0)
    let watch = resolver.watch(Self.name, every: .zero) { found in
      if told.withLock({
        $0.append(found)
        return $0.count
      }) == 3 {
        third.signal()
      }
    }
    #expect(third.wait(timeout: .now() + 20) == .success)
    watch.cancel()
    let good = Resolution(addresses: [address], failure: nil)
    let bad = Resolution(addresses: [address], failure: failure)
    #expect(told.withLock { $0.prefix(3) } == [good, bad, good])
  }

  @Test func `the system's look-up finds the local host`() throws {
    let found = try NameLookup.addresses(of: "localhost", port: 81)
    #expect(!found.isEmpty && found.allSatisfy { $0.port == 81 })
    #expect(throws: NameLookupError.self) { try NameLookup.addresses(of: "no such host", port: 1) }
  }
}
