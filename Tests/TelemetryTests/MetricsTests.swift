import Dispatch
import Primitives
import Testing

@testable import Telemetry

@Suite struct MetricsTests {
  private func scrape(_ metrics: Metrics) -> [String] {
    var text: [UInt8] = []
    metrics.render(into: &text)
    #expect(text.last == ASCII.lineFeed)
    return text.displayText.split(separator: "\n").map(String.init)
  }

  @Test func `a scrape adds up the sheets of all loops`() {
    let metrics = Metrics(loops: 2, version: "1")
    let hits = metrics.counter(.cacheLookups, ["hit"])
    metrics.sheet(0).add(to: hits)
    metrics.sheet(1).add(40, to: hits)
    metrics.sharedSheet.add(to: hits)
    #expect(scrape(metrics).contains(#"countersign_cache_lookups_total{result="hit"} 42"#))
  }

  @Test func `the same name and labels give the same series`() {
    let metrics = Metrics(loops: 1, version: "1")
    let one = metrics.counter(.refusals, ["BND-01"])
    #expect(metrics.counter(.refusals, ["BND-01"]) == one)
    #expect(metrics.counter(.refusals, ["BND-02"]) != one)
  }

  @Test func `a gauge may go up on one loop and down on another`() {
    let metrics = Metrics(loops: 2, version: "1")
    let gauge = metrics.gauge(.clientConnections)
    metrics.sheet(0).adjust(gauge, by: 5)
    metrics.sheet(1).adjust(gauge, by: -2)
    #expect(scrape(metrics).contains("countersign_client_connections 3"))
    metrics.sheet(1).adjust(gauge, by: -7)
    #expect(scrape(metrics).contains("countersign_client_connections -4"))
  }

  @Test func `a histogram is rendered cumulative, with sum in seconds and count`() {
    let metrics = Metrics(loops: 1, version: "1")
    let durations = metrics.histogram(.requestDuration, ["cache"])
    for nanoseconds: UInt64 in [50_000, 100_000, 100_001, 3_000_000_000, 60_000_000_000] {
      metrics.sheet(0).observe(nanoseconds, in: durations)
    }
    let lines = scrape(metrics).filter { $0.hasPrefix("countersign_request_duration_seconds") }
    let name = "countersign_request_duration_seconds"
    #expect(lines.count == 19)
    #expect(lines[0] == #"\#(name)_bucket{lane="cache",le="0.0001"} 2"#)
    #expect(lines[1] == #"\#(name)_bucket{lane="cache",le="0.00025"} 3"#)
    #expect(lines[13] == #"\#(name)_bucket{lane="cache",le="2.5"} 3"#)
    #expect(lines[15] == #"\#(name)_bucket{lane="cache",le="10"} 4"#)
    #expect(lines[16] == #"\#(name)_bucket{lane="cache",le="+Inf"} 5"#)
    #expect(lines[17] == #"\#(name)_sum{lane="cache"} 63.000250001"#)
    #expect(lines[18] == #"\#(name)_count{lane="cache"} 5"#)
  }

  @Test func `labels are escaped`() {
    let metrics = Metrics(loops: 1, version: "a\"b\\c\nd")
    #expect(scrape(metrics).contains(#"countersign_build_info{version="a\"b\\c\nd"} 1"#))
  }

  @Test func `help and type come once, before the samples of a metric`() {
    let metrics = Metrics(loops: 1, version: "1")
    for reason in ["a", "b"] { _ = metrics.counter(.refusals, [reason]) }
    let lines = scrape(metrics).filter { $0.contains("countersign_refusals_total") }
    #expect(
      lines == [
        "# HELP countersign_refusals_total Exchanges refused, by reason code.",
        "# TYPE countersign_refusals_total counter",
        #"countersign_refusals_total{reason="a"} 0"#,
        #"countersign_refusals_total{reason="b"} 0"#,
      ])
  }

  @Test func `the process tells of itself`() throws {
    let metrics = Metrics(loops: 1, version: "1")
    let values = Dictionary(
      uniqueKeysWithValues: scrape(metrics).filter { $0.hasPrefix("process_") }
        .map { $0.split(separator: " ") }.map { ($0[0], Double($0[1]) ?? -1) })
    #expect(values.count == 4)
    #expect(values.values.allSatisfy { $0 > 0 })
    #expect(try #require(values["process_start_time_seconds"]) > 1_700_000_000)
  }

  @Test func `a reading replaces the one before it`() {
    let metrics = Metrics(loops: 1, version: "1")
    metrics.read(.logLinesLost, ["access"]) { 1 }
    metrics.read(.logLinesLost, ["access"]) { 2 }
    let lines = scrape(metrics).filter { $0.hasPrefix("countersign_log_lines_lost_total") }
    #expect(lines == [#"countersign_log_lines_lost_total{log="access"} 2"#])
  }

  @Test func `past the limit series are counted, not shown, and touch no other`() {
    let metrics = Metrics(loops: 1, version: "1")
    let first = metrics.counter(.refusals, ["0"])
    var last = first
    for number in 1...MetricSheet.capacity { last = metrics.counter(.refusals, ["\(number)"]) }
    let histogram = metrics.histogram(.requestDuration, ["cache"])
    metrics.sheet(0).add(7, to: last)
    metrics.sheet(0).observe(1, in: histogram)
    let lines = scrape(metrics)
    let shown = lines.filter { $0.hasPrefix("countersign_refusals_total{") }
    #expect(shown.count == MetricSheet.capacity - Histogram.slotCount)
    #expect(shown.allSatisfy { $0.hasSuffix(" 0") })
    let refused = MetricSheet.capacity + 1 - shown.count + 1
    #expect(lines.contains("countersign_metric_series_refused_total \(refused)"))
  }

  @Test func `nothing is lost when loops count while others scrape`() {
    let metrics = Metrics(loops: 3, version: "1")
    let counter = metrics.counter(.cacheEvictions)
    DispatchQueue.concurrentPerform(iterations: 6) { worker in
      for turn in 0..<20_000 {
        metrics.sheet(worker).add(to: counter)
        if worker == 5, turn % 5_000 == 0 { _ = scrape(metrics) }
      }
    }
    #expect(scrape(metrics).contains("countersign_cache_evictions_total 120000"))
  }

  @Test func `every metric has a name, a help and labels of the format, and no two share a name`() {
    let rows =
      CounterName.allCases.map(\.row) + GaugeName.allCases.map(\.row)
      + HistogramName.allCases.map(\.row)
    #expect(Set(rows.map(\.name)).count == rows.count)
    for row in rows {
      #expect(row.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil)
      #expect(row.help.hasSuffix("."))
      #expect(row.labels.allSatisfy { $0.wholeMatch(of: /[a-z]+/) != nil && $0 != "le" })
    }
    for row in CounterName.allCases.map(\.row) { #expect(row.name.hasSuffix("_total")) }
    for row in HistogramName.allCases.map(\.row) { #expect(row.name.hasSuffix("_seconds")) }
  }

  @Test(arguments: [
    (0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (-2_000_000_010, "-2.00000001"),
    (Int64.max, "9223372036.854775807"), (Int64.min, "-9223372036.854775808"),
  ])
  func `nanoseconds are rendered as seconds, exactly`(value: Int64, text: String) {
    var bytes: [UInt8] = []
    bytes.append(value, in: .nanoseconds)
    #expect(bytes.displayText == text)
  }
}
