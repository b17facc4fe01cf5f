import HTTPModel
import HTTPWire
import TestSupport
import Testing

/// Messages of the corpora, damaged at random: no trap, one answer for every cut, and what is taken
/// can be sent on and read again as the same message.
@Suite struct MessageMutationTests {
  private static let mutationCount = 6_000
  private static let longestSeed = 2_000

  /// Bytes that mean something to somebody.
  private static let telling = Array("\r\n\0\t :;,=\"\\/?#@*0159aAfFxX-+.\u{0B}\u{7F}[]".utf8)

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `a damaged message gets one answer`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let seeds = try ["accepted.txt", "requests.txt", "responses.txt"]
      .flatMap { try MessageCase.load($0) }.filter { $0.bytes.count <= Self.longestSeed }
    var taken = 0
    for round in 0..<Self.mutationCount {
      let one = seeds[Int.random(in: seeds.indices, using: &random)]
      let bytes = damage(one.bytes, using: &random)
      let whole = MessageReading.read([bytes[...]], one.direction)
      let cut = MessageReading.read(cuts(of: bytes, using: &random), one.direction)
      #expect(cut == whole, "\(one.name), seed \(seed), round \(round)")
      if whole.stage == .complete {
        taken += 1
        #expect(isClean(bytes, whole), "\(one.name), seed \(seed), round \(round)")
        #expect(try survivesForwarding(whole), "\(one.name), seed \(seed), round \(round)")
      }
    }
    // Enough damage is harmless that the taken ones are tested too.
    #expect(taken > Self.mutationCount / 20)
  }

  private func damage(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var damaged = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) where !damaged.isEmpty {
      let place = Int.random(in: damaged.indices, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: damaged[place] = Self.telling.randomElement(using: &random) ?? 0
      case 2: damaged.insert(Self.telling.randomElement(using: &random) ?? 0, at: place)
      case 3: damaged.remove(at: place)
      case 4: damaged.removeSubrange(place...)
      default:
        let end = min(place + Int.random(in: 1...40, using: &random), damaged.count)
        damaged.insert(contentsOf: Array(damaged[place..<end]), at: place)
      }
    }
    return damaged
  }

  private func cuts(of bytes: [UInt8], using random: inout SeededGenerator) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let length = Int.random(in: 1...max(1, min(rest.count, 12)), using: &random)
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return pieces
  }

  /// Whether the head of an accepted message holds no control byte but tabs and the CR LF of its
  /// lines.
  private func isClean(_ bytes: [UInt8], _ reading: MessageReading) -> Bool {
    let fields = reading.request?.fields ?? reading.response?.fields ?? FieldSection()
    for line in fields.lines {
      guard FieldValue.isValid(fields.value(of: line)), line.nameLength > 0 else { return false }
    }
    return linesAreClean(bytes.starts(with: [0x0D, 0x0A]) ? bytes.dropFirst(2) : bytes[...])
  }

  private func linesAreClean(_ bytes: ArraySlice<UInt8>) -> Bool {
    var lastFour: UInt32 = 0
    for byte in bytes {
      let afterReturn = lastFour & 0xFF == 0x0D
      if afterReturn != (byte == 0x0A) { return false }
      if byte < 0x20, ![0x09, 0x0A, 0x0D].contains(byte) { return false }
      lastFour = lastFour << 8 | UInt32(byte)
      if lastFour == 0x0D0A_0D0A { return true }
    }
    return false
  }

  /// Whether the head, written again, reads as the same head.
  private func survivesForwarding(_ reading: MessageReading) throws -> Bool {
    var output: [UInt8] = []
    if let head = reading.request {
      try MessageSerializer.append(head, to: &output)
      if head.version == .http10, head.authority.isEmpty { return true }
      guard head.targetForm != .absolute || head.fields.contains(.host) else { return true }
      let again = try RequestHeadParser.parse(output.span)
      let sameTarget = again.path == head.path || again.targetForm == .asterisk
      return again.method == head.method && again.fields == head.fields && sameTarget
        && again.query == head.query && again.authority == head.authority
    }
    guard let head = reading.response else { return false }
    try MessageSerializer.append(head, to: &output)
    let again = try ResponseHeadParser.parse(output.span)
    return again.status == head.status && again.fields == head.fields
  }
}
