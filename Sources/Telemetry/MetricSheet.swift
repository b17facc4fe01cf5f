internal import Synchronization

/// A series of a counter: what a sheet adds to.
package struct Counter: Sendable, Hashable {
  let slot: Int
}

/// A series of a gauge: what a sheet moves up and down.
package struct Gauge: Sendable, Hashable {
  let slot: Int
}

/// A series of a histogram: what a sheet puts observations into.
package struct Histogram: Sendable, Hashable {
  /// The first of `slotCount` slots: one for each bucket, the last without bound, and one for the
  /// sum.
  let slot: Int

  /// The upper bounds of the buckets, in nanoseconds: 100 µs to 10 s.
  static let bounds: [UInt64] = [
    100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000,
    100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000,
    10_000_000_000,
  ]
  static let bucketCount = bounds.count + 1
  static let slotCount = bucketCount + 1
}

/// One writer's numbers, in memory of their own, so that loops never write to the same cache line.
///
/// A sheet of a loop is written by that loop only, without any locked instruction; whoever scrapes
/// reads it meanwhile, each number whole. The shared sheet may be written by everybody.
package final class MetricSheet: Sendable {
  /// How many numbers a process can count. A histogram takes 18 for each of its series.
  package static let capacity = 4096

  /// Room before the numbers, so that no two sheets share a cache line.
  private let padding: InlineArray<16, UInt64> = InlineArray(repeating: 0)
  private let numbers: InlineArray<4096, Atomic<UInt64>> = InlineArray { _ in Atomic(0) }
  private let isShared: Bool

  init(isShared: Bool) { self.isShared = isShared }

  /// Counts one, or `amount`.
  package func add(_ amount: UInt64 = 1, to counter: Counter) {
    add(amount, at: counter.slot)
  }

  /// Moves a gauge up, or down by a negative number. Each sheet may go below zero; the sum is what
  /// counts.
  package func adjust(_ gauge: Gauge, by difference: Int64) {
    add(UInt64(bitPattern: difference), at: gauge.slot)
  }

  /// Puts a duration into its bucket.
  package func observe(_ nanoseconds: UInt64, in histogram: Histogram) {
    var bucket = 0
    while bucket < Histogram.bounds.count, nanoseconds > Histogram.bounds[bucket] { bucket += 1 }
    add(1, at: histogram.slot + bucket)
    add(nanoseconds, at: histogram.slot + Histogram.bucketCount)
  }

  func value(at slot: Int) -> UInt64 { numbers[slot].load(ordering: .relaxed) }

  private func add(_ amount: UInt64, at slot: Int) {
    if isShared {
      numbers[slot].wrappingAdd(amount, ordering: .relaxed)
    } else {
      let sum = numbers[slot].load(ordering: .relaxed) &+ amount
      numbers[slot].store(sum, ordering: .relaxed)
    }
  }
}
