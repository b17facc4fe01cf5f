internal import Primitives

/// The query of a URI as a list of parameters, as browsers and most origins read it
/// (`application/x-www-form-urlencoded`).
enum Search {
  static let ampersand: UInt8 = 0x26
  private static let percent: UInt8 = 0x25
  private static let plus: UInt8 = 0x2B

  /// One parameter, decoded.
  struct Parameter: Equatable {
    let name: [UInt8]
    let value: [UInt8]

    /// Reads `name=value`; without `=` the value is empty.
    init(_ text: ArraySlice<UInt8>) {
      let end = text.firstIndex(of: ASCII.equals) ?? text.endIndex
      name = decoded(text[..<end])
      value = decoded(text[end...].dropFirst())
    }
  }

  /// The parameters in order; empty ones are none.
  static func parameters(of query: ArraySlice<UInt8>) -> [Parameter] {
    query.split(separator: ampersand).map { Parameter($0) }
  }

  /// The bytes that a part of a query spells: `+` is a space, `%41` a byte. A percent sign without
  /// two digits stands for itself.
  static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2)
      if byte == plus {
        result.append(ASCII.space)
      } else if byte == percent, digits.count == 2,
        let high = ASCII.hexadecimalValue(digits[digits.startIndex]),
        let low = ASCII.hexadecimalValue(digits[digits.startIndex + 1])
      {
        result.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        result.append(byte)
      }
    }
    return result
  }

  /// Appends the one spelling that this program uses: letters, digits and `*-._` as they are, a
  /// space as `+`, all else in percent signs.
  static func append(encoding bytes: [UInt8], to result: inout [UInt8]) {
    let digits = [UInt8](ascii: "0123456789ABCDEF")
    for byte in bytes {
      let isPlain =
        ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == 0x2A || byte == 0x2D || byte == 0x2E
        || byte == 0x5F
      if isPlain {
        result.append(byte)
      } else if byte == ASCII.space {
        result.append(plus)
      } else {
        result.append(percent)
        result.append(digits[Int(byte >> 4)])
        result.append(digits[Int(byte & 15)])
      }
    }
  }

  /// Parameters in the order of their names, those of one name as they came.
  static func sortedByName(_ parameters: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
    stablySorted(parameters) { $0.prefix { $0 != ASCII.equals } }
  }

  /// Sorted by a key of bytes; equal ones keep their order.
  static func stablySorted<Element>(_ elements: [Element], by key: (Element) -> ArraySlice<UInt8>)
    -> [Element]
  {
    elements.enumerated().map { (key: key($0.element), place: $0.offset, element: $0.element) }
      .sorted {
        $0.key == $1.key ? $0.place < $1.place : $0.key.lexicographicallyPrecedes($1.key)
      }
      .map(\.element)
  }
}
