internal import Platform

/// What a directory says about the runs that wrote its segments: who judged what is no decision,
/// and what the numbers of the parts in its keys stand for.
///
///     "CSIGNPRT" │ version │ judge │ count │ number │ words │ … │ checksum
///      8           4         4+n     4       4        4+n         8
///
/// Without it, with another judge, or where a number stands for other words now, nothing of the
/// segments is taken over: a response is never served under another service's name, nor by a
/// judgement that is not this version's.
struct PartBook: Sendable, Hashable {
  static let name = "parts"
  private static let draftName = "parts.new"
  private static let magic: [UInt8] = Array("CSIGNPRT".utf8)
  private static let version: UInt64 = 1
  private static let limit = 1 << 20

  /// In place of a judge where rules changed during a run: agrees with nobody.
  static let severalJudges: [UInt8] = [0]

  var judge: [UInt8]
  var parts: [UInt32: [UInt8]]

  init(judge: [UInt8], parts: [UInt32: [UInt8]]) {
    self.judge = judge
    self.parts = parts
  }

  init(judge: String, parts: [UInt32: String]) {
    self.judge = Array(judge.utf8)
    self.parts = parts.mapValues { Array($0.utf8) }
  }

  /// Whether what was written under another book holds under this one, too.
  func agrees(with other: PartBook) -> Bool {
    judge == other.judge && parts.allSatisfy { other.parts[$0.key] ?? $0.value == $0.value }
  }

  /// Takes over what the other says and this one does not.
  mutating func join(_ other: PartBook) { parts.merge(other.parts) { own, _ in own } }

  // MARK: As bytes

  var bytes: [UInt8] {
    var bytes = Self.magic
    bytes.append(Self.version, 4)
    Self.append(judge, to: &bytes)
    bytes.append(UInt64(parts.count), 4)
    for (number, words) in parts.sorted(by: { $0.key < $1.key }) {
      bytes.append(UInt64(number), 4)
      Self.append(words, to: &bytes)
    }
    bytes.append(Checksum.of(bytes.span), 8)
    return bytes
  }

  private static func append(_ words: [UInt8], to bytes: inout [UInt8]) {
    bytes.append(UInt64(words.count), 4)
    bytes.append(contentsOf: words)
  }

  /// Nil where the bytes are no book, or not what was written.
  init?(bytes: [UInt8]) {
    let end = bytes.count - 8
    guard end >= 20, Array(bytes[..<8]) == Self.magic, bytes.number(at: 8, 4) == Self.version,
      bytes.number(at: end, 8) == Checksum.of(bytes.span.extracting(first: end))
    else { return nil }
    var place = 12
    func number() -> UInt32? {
      guard place <= end - 4 else { return nil }
      defer { place += 4 }
      return UInt32(truncatingIfNeeded: bytes.number(at: place, 4))
    }
    func words() -> [UInt8]? {
      guard let count = number().map({ Int($0) }), count <= end - place else { return nil }
      defer { place += count }
      return Array(bytes[place..<place + count])
    }
    guard let judge = words(), let count = number() else { return nil }
    var parts: [UInt32: [UInt8]] = [:]
    for _ in 0..<count {
      guard let number = number(), let words = words() else { return nil }
      parts[number] = words
    }
    guard place == end else { return nil }
    self.judge = judge
    self.parts = parts
  }

  // MARK: In a directory

  /// Nil where there is none that can be read.
  static func read(in directory: borrowing PrivateDirectory) -> PartBook? {
    do throws(SystemError) {
      let file = try directory.open(name)
      return PartBook(bytes: try file.read(at: 0, count: min(try file.size(), limit)))
    } catch {
      return nil
    }
  }

  /// Puts it in the place of the last one, whole or not at all.
  func write(in directory: borrowing PrivateDirectory) throws(SystemError) {
    do throws(SystemError) {
      try directory.remove(Self.draftName)
    } catch {
      // There was none.
    }
    let file = try directory.create(Self.draftName)
    try file.write(bytes, at: 0)
    try file.synchronize()
    try directory.rename(Self.draftName, to: Self.name)
    try directory.synchronize()
  }
}
