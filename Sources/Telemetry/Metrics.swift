internal import Platform
internal import Primitives
internal import Synchronization

/// The process's numbers: which series there are, and a sheet for each loop to count on.
///
/// Series are registered at start and at every reload (the same name and labels give the same
/// series again); counting then is one addition to memory that only the counting loop writes. A
/// scrape adds the sheets up.
package final class Metrics: Sendable {
  /// What a scrape asks for instead of a sheet: the number right now, in the row's unit.
  package typealias Reading = @Sendable () -> Int64

  private enum Source {
    case slot(Int)
    case reading(Reading)
  }

  private struct Series {
    let labels: [String]
    let source: Source
  }

  private struct Registry {
    var counters: [[Series]] = Array(repeating: [], count: CounterName.allCases.count)
    var gauges: [[Series]] = Array(repeating: [], count: GaugeName.allCases.count)
    var histograms: [[Series]] = Array(repeating: [], count: HistogramName.allCases.count)
    /// Slots begin after those that series past the limit count into, unseen.
    var nextSlot = Histogram.slotCount
    var refusedCount: Int64 = 0

    mutating func takeSlots(_ count: Int) -> Int {
      guard nextSlot + count <= MetricSheet.capacity else {
        refusedCount += 1
        return 0
      }
      defer { nextSlot += count }
      return nextSlot
    }

    /// The slot of the series with these labels, new or old; 0, which nobody reads, past the limit.
    mutating func slot(
      in list: WritableKeyPath<Registry, [[Series]]>, _ index: Int, _ labels: [String], count: Int
    ) -> Int {
      for series in self[keyPath: list][index] where series.labels == labels {
        if case .slot(let slot) = series.source { return slot }
      }
      let slot = takeSlots(count)
      if slot > 0 {
        self[keyPath: list][index].append(Series(labels: labels, source: .slot(slot)))
      }
      return slot
    }

    mutating func read(
      _ list: WritableKeyPath<Registry, [[Series]]>, _ index: Int, _ labels: [String],
      _ reading: @escaping Reading
    ) {
      self[keyPath: list][index].removeAll { $0.labels == labels }
      self[keyPath: list][index].append(Series(labels: labels, source: .reading(reading)))
    }
  }

  private let sheets: [MetricSheet]
  private let registry = Mutex(Registry())

  /// Metrics for so many loops. `version` goes into the build information.
  package init(loops: Int, version: String) {
    sheets = (0...max(loops, 0)).map { MetricSheet(isShared: $0 == max(loops, 0)) }
    let start = Clock.wall.milliseconds &* 1_000_000
    read(.buildInformation, [version]) { 1 }
    read(.processStartTime) { start }
    read(.processResidentMemory) { ProcessUsage.residentBytes }
    read(.processOpenDescriptors) { ProcessUsage.openDescriptors }
    read(.processProcessorTime) { ProcessUsage.processorNanoseconds }
    read(.metricSeriesRefused) { [weak self] in
      self?.registry.withLock { $0.refusedCount } ?? 0
    }
  }

  /// The sheet of the loop with this index; for any other index the one that everybody may write.
  package func sheet(_ loop: Int) -> MetricSheet {
    sheets[sheets.indices.contains(loop) ? loop : sheets.count - 1]
  }

  /// The sheet that everybody may write.
  package var sharedSheet: MetricSheet { sheet(sheets.count - 1) }

  // MARK: Registering

  /// The series of a counter with these label values, in the order of the row's labels.
  package func counter(_ name: CounterName, _ labels: [String] = []) -> Counter {
    assert(labels.count == name.row.labels.count)
    return Counter(
      slot: registry.withLock { $0.slot(in: \.counters, name.rawValue, labels, count: 1) })
  }

  /// The series of a gauge with these label values, in the order of the row's labels.
  package func gauge(_ name: GaugeName, _ labels: [String] = []) -> Gauge {
    assert(labels.count == name.row.labels.count)
    return Gauge(slot: registry.withLock { $0.slot(in: \.gauges, name.rawValue, labels, count: 1) })
  }

  /// The series of a histogram with these label values, in the order of the row's labels.
  package func histogram(_ name: HistogramName, _ labels: [String] = []) -> Histogram {
    assert(labels.count == name.row.labels.count)
    return Histogram(
      slot: registry.withLock {
        $0.slot(in: \.histograms, name.rawValue, labels, count: Histogram.slotCount)
      })
  }

  /// Has a counter asked for at each scrape instead of counted; replaces what was said of it
  /// before.
  package func read(_ name: CounterName, _ labels: [String] = [], _ reading: @escaping Reading) {
    registry.withLock { $0.read(\.counters, name.rawValue, labels, reading) }
  }

  /// Has a gauge asked for at each scrape instead of counted; replaces what was said of it before.
  package func read(_ name: GaugeName, _ labels: [String] = [], _ reading: @escaping Reading) {
    registry.withLock { $0.read(\.gauges, name.rawValue, labels, reading) }
  }

  /// Has a gauge with these labels asked for no more: what it told of is gone.
  package func stopReading(_ name: GaugeName, _ labels: [String]) {
    registry.withLock { registry in
      registry.gauges[name.rawValue].removeAll { series in
        guard case .reading = series.source else { return false }
        return series.labels == labels
      }
    }
  }

  // MARK: Scraping

  /// Appends all series in the Prometheus text format, version 0.0.4
  /// (`text/plain; version=0.0.4; charset=utf-8`). May read kernel files; not for a loop.
  package func render(into text: inout [UInt8]) {
    let registry = registry.withLock { $0 }
    for name in CounterName.allCases {
      render(registry.counters[name.rawValue], of: name.row, "counter", into: &text)
    }
    for name in GaugeName.allCases {
      render(registry.gauges[name.rawValue], of: name.row, "gauge", into: &text)
    }
    for name in HistogramName.allCases {
      let list = registry.histograms[name.rawValue]
      guard !list.isEmpty else { continue }
      text.append(headOf: name.row, type: "histogram")
      for series in list {
        if case .slot(let slot) = series.source {
          renderHistogram(at: slot, labels: series.labels, of: name.row, into: &text)
        }
      }
    }
  }

  private func render(
    _ list: [Series], of row: MetricRow, _ type: StaticString, into text: inout [UInt8]
  ) {
    guard !list.isEmpty else { return }
    text.append(headOf: row, type: type)
    for series in list {
      let value =
        switch series.source {
        case .slot(let slot): Int64(bitPattern: sum(at: slot))
        case .reading(let reading): reading()
        }
      text.append(sample: row, "", series.labels)
      text.append(value, in: row.unit)
      text.append(0x0A)
    }
  }

  private func renderHistogram(
    at slot: Int, labels: [String], of row: MetricRow, into text: inout [UInt8]
  ) {
    var count: UInt64 = 0
    for bucket in 0..<Histogram.bucketCount {
      count &+= sum(at: slot + bucket)
      let isLast = bucket == Histogram.bounds.count
      text.append(sample: row, "_bucket", labels, bound: isLast ? .max : Histogram.bounds[bucket])
      text.append(Int64(bitPattern: count), in: .ones)
      text.append(0x0A)
    }
    text.append(sample: row, "_sum", labels)
    text.append(Int64(bitPattern: sum(at: slot + Histogram.bucketCount)), in: row.unit)
    text.append(0x0A)
    text.append(sample: row, "_count", labels)
    text.append(Int64(bitPattern: count), in: .ones)
    text.append(0x0A)
  }

  private func sum(at slot: Int) -> UInt64 {
    sheets.reduce(UInt64(0)) { $0 &+ $1.value(at: slot) }
  }
}
