/// Makes comments and the contents of string literals blank, so that rules about code are not set
/// off by prose. Knows raw and multi-line strings, interpolations and nested comments; lines stay
/// where they are.
struct SwiftBlanker {
  private enum Context {
    case code(interpolation: Bool, depth: Int)
    case string(hashes: Int, isMultiline: Bool)
  }

  private let input: [Character]
  private var index = 0
  private var output: [Character] = []
  private var contexts: [Context] = [.code(interpolation: false, depth: 0)]

  private init(_ text: String) { input = Array(text) }

  /// The text with everything blank that is not code.
  static func blank(_ text: String) -> String {
    var blanker = SwiftBlanker(text)
    while blanker.index < blanker.input.count { blanker.step() }
    return String(blanker.output)
  }

  private mutating func step() {
    switch contexts.last ?? .code(interpolation: false, depth: 0) {
    case .code(let interpolation, let depth):
      stepInCode(interpolation: interpolation, depth: depth)
    case .string(let hashes, let isMultiline):
      stepInString(hashes: hashes, isMultiline: isMultiline)
    }
  }

  private mutating func stepInCode(interpolation: Bool, depth: Int) {
    if starts(with: "//") {
      while index < input.count, input[index] != "\n" { hide(1) }
    } else if starts(with: "/*") {
      hideComment()
    } else if let hashes = openingHashes() {
      keep(hashes)
      let isMultiline = starts(with: "\"\"\"")
      keep(isMultiline ? 3 : 1)
      contexts.append(.string(hashes: hashes, isMultiline: isMultiline))
    } else {
      let change = input[index] == "(" ? 1 : input[index] == ")" ? -1 : 0
      keep(1)
      contexts.removeLast()
      if !interpolation || depth + change >= 0 {
        contexts.append(.code(interpolation: interpolation, depth: depth + change))
      }
    }
  }

  private mutating func stepInString(hashes: Int, isMultiline: Bool) {
    let fence = String(repeating: "#", count: hashes)
    let quotes = isMultiline ? "\"\"\"" : "\""
    if starts(with: quotes + fence) {
      keep(quotes.count + hashes)
      contexts.removeLast()
    } else if starts(with: "\\" + fence + "(") {
      hide(1 + hashes)
      keep(1)
      contexts.append(.code(interpolation: true, depth: 0))
    } else if starts(with: "\\" + fence) {
      hide(2 + hashes)
    } else {
      hide(1)
    }
  }

  /// How many number signs stand before the quotation mark that opens a literal here, or nil.
  private func openingHashes() -> Int? {
    var end = index
    while end < input.count, input[end] == "#" { end += 1 }
    return end < input.count && input[end] == "\"" ? end - index : nil
  }

  private mutating func hideComment() {
    var depth = 0
    repeat {
      if starts(with: "/*") {
        depth += 1
        hide(2)
      } else if starts(with: "*/") {
        depth -= 1
        hide(2)
      } else {
        hide(1)
      }
    } while depth > 0 && index < input.count
  }

  private func starts(with text: String) -> Bool { input[index...].starts(with: text) }

  private mutating func keep(_ count: Int) {
    output += input[index..<min(index + count, input.count)]
    index += count
  }

  private mutating func hide(_ count: Int) {
    output += input[index..<min(index + count, input.count)].map { $0 == "\n" ? "\n" : " " }
    index += count
  }
}
