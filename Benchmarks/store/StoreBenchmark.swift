/// Measures and tries the store by itself.
@main enum StoreBenchmark {
  private static let usage = """
    store-benchmark lookup | overhead | purge
    store-benchmark eviction [FILE.svg]           with the curves as a picture
    store-benchmark disk-writer DIRECTORY SEED [STORES]   writes until it is killed
    store-benchmark disk-check DIRECTORY          reads what is left
    """

  static func main() throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch (arguments.first, arguments.count) {
    case ("eviction", 1...2):
      EvictionComparison.run(picture: arguments.count == 2 ? arguments[1] : nil)
    case ("lookup", 1): LookupCost.run()
    case ("overhead", 1): ObjectOverhead.run()
    case ("purge", 1): PurgeCost.run()
    case ("disk-writer", 3...4):
      try DiskWriter.write(
        arguments[1], seed: UInt64(arguments[2]) ?? 0,
        stores: arguments.count == 4 ? Int(arguments[3]) : nil)
    case ("disk-check", 2): try DiskWriter.check(arguments[1])
    default: print(usage)
    }
  }
}
