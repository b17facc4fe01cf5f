internal import HTTPModel
internal import Primitives

/// Gives the normalised bytes of all lines of one name, one at a time.
struct SelectingValueReader: ~Escapable {
  private let storage: Span<UInt8>
  private let lines: Span<FieldLine>
  private let name: Span<UInt8>
  private var line = -1
  private var position = 0
  private var end = 0
  /// White space before this position is known to mean something: looked at once, however long.
  private var keptUntil = 0
  private var isQuoted = false
  private var isEscaped = false
  /// Whether the last byte given was a comma, or none has been given: white space after it means
  /// nothing.
  private var isAfterComma = true
  /// Whether at least one line has the name; complete once `next` has returned nil.
  private(set) var isPresent = false

  @_lifetime(copy storage, copy lines, copy name)
  init(storage: Span<UInt8>, lines: Span<FieldLine>, name: Span<UInt8>) {
    self.storage = storage
    self.lines = lines
    self.name = name
  }

  @_lifetime(self: copy self)
  mutating func next() -> UInt8? {
    while true {
      if position >= end {
        let wasPresent = isPresent
        guard moveToNextLine() else { return nil }
        guard wasPresent else { continue }
        isAfterComma = true
        return ASCII.comma
      }
      let byte = storage[position]
      if !isQuoted, position >= keptUntil, isWhitespace(byte) {
        let runEnd = endOfWhitespace()
        if isAfterComma || runEnd == end || storage[runEnd] == ASCII.comma {
          position = runEnd
          continue
        }
        keptUntil = runEnd
      }
      position += 1
      track(byte)
      return byte
    }
  }

  @_lifetime(self: copy self)
  private mutating func track(_ byte: UInt8) {
    isAfterComma = byte == ASCII.comma && !isQuoted
    if isEscaped {
      isEscaped = false
    } else if byte == ASCII.backslash, isQuoted {
      isEscaped = true
    } else if byte == ASCII.quote {
      isQuoted.toggle()
    }
  }

  private func endOfWhitespace() -> Int {
    var index = position
    while index < end, isWhitespace(storage[index]) { index += 1 }
    return index
  }

  private func isWhitespace(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.horizontalTab
  }

  @_lifetime(self: copy self)
  private mutating func moveToNextLine() -> Bool {
    line += 1
    while line < lines.count {
      let candidate = lines[line]
      if isNamed(candidate) {
        isPresent = true
        isQuoted = false
        isEscaped = false
        keptUntil = 0
        position = candidate.valueRange.lowerBound
        end = candidate.valueRange.upperBound
        return true
      }
      line += 1
    }
    return false
  }

  private func isNamed(_ candidate: FieldLine) -> Bool {
    guard Int(candidate.nameLength) == name.count else { return false }
    let start = Int(candidate.nameStart)
    for offset in 0..<name.count
    where ASCII.lowercased(storage[start + offset]) != name[offset] {
      return false
    }
    return true
  }
}
