internal import CacheStore

/// What a policy made of a trace.
struct HitRatios {
  var hits = 0
  var requests = 0
  var hitBytes = 0
  var bytes = 0

  var byObjects: Double { Double(hits) / Double(max(requests, 1)) }
  var byBytes: Double { Double(hitBytes) / Double(max(bytes, 1)) }
}

/// Runs every policy over every trace with several budgets, prints the hit ratios, and draws those
/// for things of one size.
enum EvictionComparison {
  private static let shares = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25]
  private static let names = ["S3-FIFO", "SIEVE", "W-TinyLFU", "LRU"]

  /// - Parameter picture: Where the curves go; nil for nowhere.
  static func run(picture: String?) {
    var plot = CurvePlot(budgets: shares, names: names)
    for isSized in [false, true] {
      print("### \(isSized ? "Things of 256 bytes to 256 KiB" : "Things of one size")\n")
      for trace in Traces.all() {
        let curves = compare(trace, isSized: isSized)
        if !isSized { plot.panels.append(CurvePlot.Panel(title: trace.name, curves: curves)) }
      }
    }
    if let picture, !plot.write(to: picture) { print("\(picture) cannot be written") }
  }

  /// The ratios by objects: for each policy that at each budget.
  private static func compare(_ trace: Trace, isSized: Bool) -> [[Double]] {
    var curves = names.map { _ in [Double]() }
    let sizes = isSized ? trace.sizes : Array(repeating: 1024, count: trace.sizes.count)
    let trace = Trace(name: trace.name, requests: trace.requests, sizes: sizes)
    let footprint = trace.footprint
    print("\(trace.name)\n")
    print("| budget, of all bytes | " + names.joined(separator: " | ") + " |")
    print("|--:|" + String(repeating: "--:|", count: names.count))
    for share in shares {
      let budget = Int(Double(footprint) * share)
      let ratios = [
        simulate(trace, S3FIFO(budget: budget), budget: budget),
        simulate(trace, SIEVE(budget: budget), budget: budget),
        simulate(trace, WTinyLFU(budget: budget), budget: budget),
        simulate(trace, LRU(budget: budget), budget: budget),
      ]
      for (place, ratio) in ratios.enumerated() { curves[place].append(ratio.byObjects) }
      let cells = ratios.map { ratio in
        isSized
          ? "\(percent(ratio.byObjects)) / \(percent(ratio.byBytes))" : percent(ratio.byObjects)
      }
      print("| \(percent(share)) | " + cells.joined(separator: " | ") + " |")
    }
    print("")
    return curves
  }

  private static func percent(_ ratio: Double) -> String {
    let tenths = Int((ratio * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  static func simulate<Policy: EvictionPolicy>(
    _ trace: Trace, _ policy: Policy, budget: Int
  ) -> HitRatios {
    var policy = policy
    let none = UInt32.max
    var nodes = [UInt32](repeating: none, count: trace.sizes.count)
    var things: [Int32] = []
    var free: [UInt32] = []
    var held = 0
    var ratios = HitRatios()
    for request in trace.requests {
      let thing = Int(request)
      let size = trace.sizes[thing]
      ratios.requests += 1
      ratios.bytes += size
      if nodes[thing] != none {
        policy.touch(nodes[thing])
        ratios.hits += 1
        ratios.hitBytes += size
        continue
      }
      guard size <= budget else { continue }
      while held + size > budget, let victim = policy.victim() {
        let gone = Int(things[Int(victim)])
        policy.evict(victim, hash: Generator.mix(UInt64(gone)))
        held -= trace.sizes[gone]
        nodes[gone] = none
        free.append(victim)
      }
      let node = free.popLast() ?? UInt32(things.count)
      if Int(node) == things.count { things.append(request) } else { things[Int(node)] = request }
      policy.insert(node, hash: Generator.mix(UInt64(thing)), cost: size)
      nodes[thing] = node
      held += size
    }
    return ratios
  }
}
