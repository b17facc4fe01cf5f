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

  @Test func `names that nobody answers for hold up no others`() throws {
    let address = try #require(SocketAddress("10.0.0.1:443"))
    let release = DispatchSemaphore(value: 0)
    let inside = Atomic<Int>(0)
    let most = Atomic<Int>(0)
    let entered = DispatchSemaphore(value: 0)
    let resolver = Resolver { name, _ in
      guard name.hasPrefix("silent") else { return [address] }
      most.max(inside.wrappingAdd(1, ordering: .relaxed).newValue, ordering: .relaxed)
      entered.signal()
      release.wait()
      inside.wrappingSubtract(1, ordering: .relaxed)
      return [address]
    }
    func watch(_ name: String, _ told: DispatchSemaphore) -> Resolver.Watch {
      resolver.watch(HostAndPort(host: name, port: 443), every: Seconds(60)) { _ in told.signal() }
    }
    let late = DispatchSemaphore(value: 0)
    var watches = (1..<Resolver.lookupsAtOnce).map { watch("silent\($0)", late) }
    for _ in watches { #expect(entered.wait(timeout: .now() + 20) == .success) }
    let quick = DispatchSemaphore(value: 0)
    for number in 0..<20 { watches.append(watch("quick\(number)", quick)) }
    for _ in 0..<20 { #expect(quick.wait(timeout: .now() + 20) == .success) }
    // More than there are threads: they wait for their turn, and all of them come.
    for number in 0..<20 { watches.append(watch("silent again \(number)", late)) }
    #expect(entered.wait(timeout: .now() + 20) == .success)
    #expect(most.load(ordering: .relaxed) <= Resolver.lookupsAtOnce)
    for _ in 0..<30 { release.signal() }
    for _ in 1..<(Resolver.lookupsAtOnce + 20) {
      #expect(late.wait(timeout: .now() + 20) == .success)
    }
    #expect(most.load(ordering: .relaxed) <= Resolver.lookupsAtOnce)
    for watch in watches { watch.cancel() }
  }

  @Test func `the system's look-up finds the local host`() throws {
    let found = try NameLookup.addresses(of: "localhost", port: 81)
    #expect(!found.isEmpty && found.allSatisfy { $0.port == 81 })
    #expect(throws: NameLookupError.self) { try NameLookup.addresses(of: "no such host", port: 1) }
  }
}
