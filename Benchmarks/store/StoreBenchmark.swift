/// Measures the store by itself: `store-benchmark eviction | lookup | overhead`.
@main enum StoreBenchmark {
  static func main() {
    switch CommandLine.arguments.dropFirst().first {
    case "eviction": EvictionComparison.run()
    case "lookup": LookupCost.run()
    case "overhead": ObjectOverhead.run()
    default: print("store-benchmark eviction | lookup | overhead")
    }
  }
}
