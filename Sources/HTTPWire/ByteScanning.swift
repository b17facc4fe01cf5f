internal import Primitives

/// Eight bytes at a time. The only unsafe construct of this target is the unaligned load below, and
/// it is checked against the end of the span.
///
/// A byte-wise test on a word marks bit 7 of each byte that passes. Subtraction borrows, so bytes
/// *above* a passing one may be marked wrongly; the lowest mark is always right, and so is "none".
extension Span<UInt8> {
  private static var everyByte: UInt64 { 0x0101_0101_0101_0101 }
  private static var everyTopBit: UInt64 { 0x8080_8080_8080_8080 }

  private func word(at index: Int) -> UInt64 {
    UInt64(littleEndian: unsafe bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
  }

  private static func marksBelow(_ bound: UInt8, _ word: UInt64) -> UInt64 {
    (word &- everyByte &* UInt64(bound)) & ~word & everyTopBit
  }

  private static func marksEqual(_ byte: UInt8, _ word: UInt64) -> UInt64 {
    marksBelow(1, word ^ (everyByte &* UInt64(byte)))
  }

  /// Marks for below 0x20 and for 0x7F in one: both bytes have bit 7 clear, so one mask serves both
  /// tests.
  private func controlMarks(at index: Int) -> UInt64 {
    let word = word(at: index)
    let below = word &- Self.everyByte &* 0x20
    let delete = (word ^ (Self.everyByte &* 0x7F)) &- Self.everyByte
    return (below | delete) & ~word & Self.everyTopBit
  }

  /// The index of the first control byte (below 0x20, or 0x7F) in `start..<end`, or `end`.
  /// The tab is a control byte here.
  func firstControlByte(from start: Int, to end: Int) -> Int {
    var index = start
    // Most lines are longer than this: one branch for four words.
    while index &+ 32 <= end {
      let marks = controlMarks(at: index) | controlMarks(at: index &+ 8)
      if marks | controlMarks(at: index &+ 16) | controlMarks(at: index &+ 24) != 0 { break }
      index &+= 32
    }
    while index &+ 8 <= end {
      let marks = controlMarks(at: index)
      if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < end {
      if self[index] < 0x20 || self[index] == 0x7F { return index }
      index &+= 1
    }
    return end
  }

  /// The index of the first `byte` in `start..<end`, or `end`.
  func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int {
    var index = start
    while index &+ 8 <= end {
      let marks = Self.marksEqual(byte, word(at: index))
      if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < end {
      if self[index] == byte { return index }
      index &+= 1
    }
    return end
  }

  /// Whether every byte in `start..<end` is visible ASCII (0x21 to 0x7E).
  func isVisibleASCII(from start: Int, to end: Int) -> Bool {
    var index = start
    var marks: UInt64 = 0
    while index &+ 8 <= end {
      let word = word(at: index)
      marks |= Self.marksBelow(0x21, word) | Self.marksEqual(0x7F, word) | word & Self.everyTopBit
      index &+= 8
    }
    while index < end {
      if self[index] < 0x21 || self[index] > 0x7E { return false }
      index &+= 1
    }
    return marks == 0
  }

  /// Whether the bytes in `range` are exactly those of `text`.
  func holds(_ text: StaticString, in range: Range<Int>) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    return holds(text, at: range.lowerBound)
  }

  /// Whether the bytes of `text` begin at `start`.
  func holds(_ text: StaticString, at start: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard length <= count &- start else { return false }
    var index = 0
    while index < length {
      if unsafe self[start &+ index] != text.utf8Start[index] { return false }
      index &+= 1
    }
    return true
  }

  /// A copy of the bytes in `range`.
  func copy(_ range: Range<Int>) -> [UInt8] {
    copy(range, reserving: 0)
  }

  /// A copy of the bytes in `range`, with room for `extra` more.
  func copy(_ range: Range<Int>, reserving extra: Int) -> [UInt8] {
    let part = extracting(range)
    var result: [UInt8] = []
    result.reserveCapacity(part.count &+ extra)
    unsafe part.withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
    return result
  }

  /// `range` without the spaces and tabs at both ends (`OWS`, RFC 9110 §5.6.3).
  func trimmingOptionalWhitespace(_ range: Range<Int>) -> Range<Int> {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high, self[low] == ASCII.space || self[low] == ASCII.horizontalTab { low &+= 1 }
    while low < high, self[high &- 1] == ASCII.space || self[high &- 1] == ASCII.horizontalTab {
      high &-= 1
    }
    return low..<high
  }
}
