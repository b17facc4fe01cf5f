import Configuration
import Dispatch
import JourneySupport
import Platform
import Primitives
import Telemetry
import Testing
import Transport

@testable import Proxy

@Suite struct PlanBuilderTests {
  private func settings(_ hosts: String...) -> Settings {
    var settings = Settings()
    settings.services = hosts.map { host in
      ServiceSettings(
        name: host, origins: [OriginAddress(scheme: .http, endpoint: .host(host, port: 80))])
    }
    return settings
  }

  private func builder(_ resolver: Resolver, wait: DispatchTimeInterval = .seconds(10))
    -> PlanBuilder
  {
    PlanBuilder(
      log: ProxyLog(RunningProxy.quiet), metrics: Metrics(loops: 1, version: "test"),
      resolver: resolver, resolutionWait: wait)
  }

  @Test func `names are resolved when the plan is there`() throws {
    let address = try #require(SocketAddress("192.0.2.1:80"))
    let builder = builder(Resolver { _, _ in [address] })
    let plan = try builder.plan(settings("a.example"), previous: nil) { _ in }
    #expect(plan.services[0].addresses.current == [[address]])
  }

  @Test func `an address that comes after the plan is told to those who use it`() throws {
    let address = try #require(SocketAddress("192.0.2.1:80"))
    let goOn = DispatchSemaphore(value: 0)
    let resolver = Resolver { _, _ in
      goOn.wait()
      return [address]
    }
    let changed = DispatchSemaphore(value: 0)
    let builder = builder(resolver, wait: .milliseconds(1))
    let plan = try builder.plan(settings("slow.example"), previous: nil) { _ in changed.signal() }
    #expect(plan.services[0].addresses.current == [[]])
    goOn.signal()
    #expect(changed.wait(timeout: .now() + 20) == .success)
    #expect(plan.services[0].addresses.current == [[address]])
  }

  @Test func `names that nobody answers for are waited for together`() throws {
    let asked = Gathering(3)
    // Nobody is answered before all have been asked for.
    let resolver = Resolver { _, _ in
      asked.arrive()
      return []
    }
    let builder = builder(resolver)
    _ = try builder.plan(settings("a.example", "b.example", "c.example"), previous: nil) { _ in }
    #expect(asked.isWhole)
  }

  @Test func `a service that did not change is carried over`() throws {
    let address = try #require(SocketAddress("192.0.2.1:80"))
    let builder = builder(Resolver { _, _ in [address] })
    let first = try builder.plan(settings("a.example", "b.example"), previous: nil) { _ in }
    let second = try builder.plan(settings("a.example"), previous: first) { _ in }
    #expect(second.services.count == 1)
    #expect(second.services[0] === first.services[0])
  }

  @Test func `nobody keeps the addresses of a service that nobody uses`() throws {
    let address = try #require(SocketAddress("192.0.2.1:80"))
    let builder = builder(Resolver { _, _ in [address] })
    weak var addresses: OriginAddresses?
    do {
      let plan = try builder.plan(settings("a.example"), previous: nil) { _ in }
      addresses = plan.services[0].addresses
      #expect(addresses != nil)
    }
    // The look-up that is under way may hold them a moment longer.
    try eventually("the addresses to go") { () -> Void? in addresses == nil ? () : nil }
  }

  @Test func `a service with TLS keeps what is known of its origins`() throws {
    var settings = settings()
    var service = ServiceSettings(
      name: "auth",
      origins: [OriginAddress(scheme: .https, endpoint: .host("127.0.0.1", port: 443))])
    service.tls.verifies = false
    settings.services = [service]
    let builder = builder(Resolver())
    let first = try builder.plan(settings, previous: nil) { _ in }
    _ = first.services[0].health.probed(0, .down, .timedOut)
    let second = try builder.plan(settings, previous: first) { _ in }
    #expect(second.services[0] !== first.services[0])
    #expect(second.services[0].health.report()[0].probed == .down)
  }
}
