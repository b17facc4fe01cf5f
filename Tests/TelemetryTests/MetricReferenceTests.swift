import Foundation
import Telemetry
import Testing

struct MetricReferenceTests {
  private static let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "docs/metrics.md")

  private static var text: String {
    var text = """
      # Metrics

      What `GET /metrics` of the [admin listener](admin.md) shows, in the Prometheus text format
      0.0.4. Durations are in seconds. A series with a label appears when it is first counted, or at
      start where all values of its labels are known.


      """
    func table(_ title: String, _ rows: [MetricRow]) {
      text += "## \(title)\n\n| name | labels | |\n|---|---|---|\n"
      for row in rows {
        let labels = row.labels.map { "`\($0)`" }.joined(separator: ", ")
        text += "| `\(row.name)` | \(labels) | \(row.help) |\n"
      }
    }
    table("Counters", CounterName.allCases.map(\.row))
    text += "\n"
    table("Gauges", GaugeName.allCases.map(\.row))
    text += "\n"
    table("Histograms", HistogramName.allCases.map(\.row))
    return text
  }

  @Test func `the page of metrics is what the table says`() throws {
    if ProcessInfo.processInfo.environment["WRITE_CASES"] != nil {
      try Self.text.write(to: Self.page, atomically: true, encoding: .utf8)
    }
    let page = try String(contentsOf: Self.page, encoding: .utf8)
    #expect(
      page == Self.text, "write it anew: WRITE_CASES=1 swift test --filter MetricReferenceTests")
  }
}
