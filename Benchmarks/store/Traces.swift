internal import Glibc

/// A sequence of requests, made up: which thing is asked for, and how long each thing is.
struct Trace {
  let name: String
  let requests: [Int32]
  /// By thing.
  let sizes: [Int]

  /// All things that are asked for at least once, together.
  var footprint: Int {
    var isSeen = [Bool](repeating: false, count: sizes.count)
    var total = 0
    for request in requests where !isSeen[Int(request)] {
      isSeen[Int(request)] = true
      total += sizes[Int(request)]
    }
    return total
  }
}

/// Steele's SplitMix64.
struct Generator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  static func mix(_ number: UInt64) -> UInt64 {
    var value = number
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return value ^ value >> 31
  }
}

/// Draws ranks by Zipf's law.
struct ZipfDraw {
  private let cumulative: [Double]

  init(count: Int, exponent: Double) {
    var sum = 0.0
    cumulative = (1...count).map { rank in
      sum += 1 / pow(Double(rank), exponent)
      return sum
    }
  }

  func draw(_ generator: inout Generator) -> Int {
    let wanted = Double.random(in: 0..<1, using: &generator) * (cumulative.last ?? 1)
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

enum Traces {
  private static let things = 100_000
  private static let length = 2_000_000

  /// Sizes between 256 bytes and 256 KiB, most of them small; the same for the same thing.
  private static func sizes(_ count: Int) -> [Int] {
    (0..<count).map { thing in
      let bits = Generator.mix(UInt64(thing) &+ 77)
      let exponent = Double(bits >> 11) / Double(1 << 53)
      return Int(256 * pow(2, 10 * exponent * exponent))
    }
  }

  static func all() -> [Trace] {
    [
      zipf("Zipf 0.8", 0.8), zipf("Zipf 1.0", 1.0), scan(), shifting(), onceOnly(), loop(),
    ]
  }

  private static func zipf(_ name: String, _ exponent: Double) -> Trace {
    var generator = Generator(seed: 1)
    let draw = ZipfDraw(count: things, exponent: exponent)
    let requests = (0..<length).map { _ in Int32(draw.draw(&generator)) }
    return Trace(name: name, requests: requests, sizes: sizes(things))
  }

  /// Zipf, and after every 100 000 requests everything of a range of 20 000 other things in a row.
  private static func scan() -> Trace {
    var generator = Generator(seed: 2)
    let draw = ZipfDraw(count: things, exponent: 0.9)
    var requests: [Int32] = []
    var nextScanned = things
    while requests.count < length {
      for _ in 0..<100_000 { requests.append(Int32(draw.draw(&generator))) }
      for _ in 0..<20_000 {
        requests.append(Int32(nextScanned))
        nextScanned += 1
      }
    }
    return Trace(name: "Zipf 0.9 and scans", requests: requests, sizes: sizes(nextScanned))
  }

  /// Zipf whose most wanted things are others after every 100 000 requests: the ranks move on by
  /// 5000 things.
  private static func shifting() -> Trace {
    var generator = Generator(seed: 3)
    let draw = ZipfDraw(count: things, exponent: 0.9)
    let requests = (0..<length).map { position in
      Int32((draw.draw(&generator) + position / 100_000 * 5000) % things)
    }
    return Trace(name: "Zipf 0.9, shifting", requests: requests, sizes: sizes(things))
  }

  /// Zipf with three in ten requests for something that nobody asks for again.
  private static func onceOnly() -> Trace {
    var generator = Generator(seed: 4)
    let draw = ZipfDraw(count: things, exponent: 0.9)
    var next = things
    let requests = (0..<length).map { _ -> Int32 in
      guard Int.random(in: 0..<10, using: &generator) < 3 else {
        return Int32(draw.draw(&generator))
      }
      next += 1
      return Int32(next - 1)
    }
    return Trace(name: "Zipf 0.9, 30 % once only", requests: requests, sizes: sizes(next))
  }

  /// The same 20 000 things in a row, again and again, among Zipf requests.
  private static func loop() -> Trace {
    var generator = Generator(seed: 5)
    let draw = ZipfDraw(count: things, exponent: 0.9)
    let requests = (0..<length).map { position -> Int32 in
      position.isMultiple(of: 2)
        ? Int32(draw.draw(&generator)) : Int32(things + position / 2 % 20_000)
    }
    return Trace(name: "Zipf 0.9 and a loop", requests: requests, sizes: sizes(things + 20_000))
  }
}
