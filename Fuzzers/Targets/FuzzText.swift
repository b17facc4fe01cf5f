import HTTPModel
import Primitives
import Verdict

/// Texts: dates, JSON, forms.
enum FuzzText {
  private static let now = WallTime(milliseconds: 1_790_000_000_000)

  static func date(_ bytes: [UInt8]) -> String? {
    guard let time = HTTPDate.parse(bytes[...], now: now) else { return nil }
    let text = HTTPDate.format(time)
    guard text.count == 29 else { return "a date of \(text.count) bytes" }
    return HTTPDate.parse(text, now: now) == time ? nil : "a date is another when read again"
  }

  static func json(_ bytes: [UInt8]) -> String? {
    let pointers = ["/user/name", "/authorized", "/a/0/b", "/a~1b", ""].compactMap {
      try? JSONPointer(parsing: Array($0.utf8))
    }
    guard let found = try? JSONReader.read(bytes.span, at: pointers) else { return nil }
    for index in pointers.indices {
      guard let value = found[index] else { continue }
      guard value.range.lowerBound >= 0, value.range.upperBound <= bytes.count else {
        return "a value outside of the text"
      }
      _ = JSONReader.elementCount(of: value, in: bytes.span)
    }
    return nil
  }

  static func form(_ bytes: [UInt8]) -> String? {
    let name = Array("user".utf8)
    guard case .value(let value) = FormReader.lookUp(name, in: bytes.span) else { return nil }
    return value.count <= bytes.count ? nil : "a value longer than its form"
  }
}
