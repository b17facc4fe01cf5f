import Configuration
import Dispatch
import Foundation
import JourneySupport
import Proxy
import Testing

/// What a reload leaves behind goes with the last who needs it.
@Suite struct RetirementTests {
  private static let gauge = "countersign_retired_services"

  @Test func `a service that a reload replaced goes when its last exchange ends`() throws {
    let release = DispatchSemaphore(value: 0)
    let old = try ScriptedOrigin { request, connection in
      if request.target == "/slow" { release.wait() }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
    }
    let new = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew" }
    let proxy = try RunningProxy(before: old.endpoint) { $0.process.loops = 1 }
    // One idle connection, and one that is in use.
    #expect(try proxy.get("/").bodyText == "old")
    let client = try proxy.connect()
    try client.send("GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
    _ = try old.requests(atLeast: 2)
    var settings = proxy.settings
    settings.services[0].origins = [OriginAddress(new.endpoint)]
    try proxy.server.reload(settings)
    _ = try eventually("the new settings to be served") {
      try proxy.get("/").bodyText == "new" ? true : nil
    }
    #expect(proxy.metric(Self.gauge) == 1)
    release.signal()
    #expect(try client.receiveResponse().bodyText == "old")
    _ = try eventually("the old service to go") { proxy.metric(Self.gauge) == 0 ? true : nil }
    #expect(try client.exchange("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").bodyText == "new")
  }

  @Test func `a service without exchanges goes at once`() throws {
    let old = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold" }
    let new = try ScriptedOrigin { _ in "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew" }
    let proxy = try RunningProxy(before: old.endpoint)
    #expect(try proxy.get("/").bodyText == "old")
    var settings = proxy.settings
    settings.services[0].origins = [OriginAddress(new.endpoint)]
    try proxy.server.reload(settings)
    _ = try eventually("the new settings to be served") {
      try proxy.get("/").bodyText == "new" ? true : nil
    }
    _ = try eventually("the old service to go") { proxy.metric(Self.gauge) == 0 ? true : nil }
  }
}
