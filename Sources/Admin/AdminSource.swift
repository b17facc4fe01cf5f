package import Configuration
package import Proxy

/// What the admin listener asks of the proxy; tests put something else there. Asked on any thread.
package protocol AdminSource: Sendable {
  var phase: ProxyView.Phase { get }
  var settings: Settings? { get }
  var services: [ServiceReport] { get }
  /// What the proxy itself lacks, a line each.
  var faults: [String] { get }
  func renderMetrics(into text: inout [UInt8])
  func purge(_ request: PurgeRequest) -> PurgeAnswer
}

extension ProxyView: AdminSource {}
