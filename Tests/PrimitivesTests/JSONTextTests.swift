import Primitives
import Testing

@Suite struct JSONTextTests {
  private func quoted(_ bytes: [UInt8]) -> String {
    var line: [UInt8] = []
    line.append(jsonString: bytes)
    return line.displayText
  }

  @Test(arguments: [
    ("", #""""#), ("plain text", #""plain text""#), (#"a"b\c"#, #""a\"b\\c""#),
    ("tab\tline\nreturn\rback\u{8}feed\u{c}", #""tab\tline\nreturn\rback\bfeed\f""#),
    ("\u{0}\u{1F}\u{1B}[31m\u{7F}", #""\u0000\u001f\u001b[31m\u007f""#),
    ("grüße 日本 🜁", #""grüße 日本 🜁""#),
    ("a\u{85}b\u{9b}c\u{2028}d\u{2029}", #""a\u0085b\u009bc\u2028d\u2029""#),
  ])
  func `text is escaped exactly`(text: String, expected: String) {
    #expect(quoted(Array(text.utf8)) == expected)
    var line: [UInt8] = []
    line.append(jsonString: text)
    #expect(line.displayText == expected)
  }

  @Test(
    arguments: [
      ([0x61, 0xFF, 0x62], #""a\ufffdb""#),
      ([0xC0, 0x80], #""\ufffd\ufffd""#),
      ([0xE0, 0x80, 0x80], #""\ufffd\ufffd\ufffd""#),
      ([0xED, 0xA0, 0x80], #""\ufffd\ufffd\ufffd""#),
      ([0xF4, 0x90, 0x80, 0x80], #""\ufffd\ufffd\ufffd\ufffd""#),
      ([0xE2, 0x82], #""\ufffd\ufffd""#),
      ([0xC3, 0x22], #""\ufffd\"""#),
    ] as [([UInt8], String)])
  func `bytes that are not UTF-8 become the replacement character`(bytes: [UInt8], expected: String)
  {
    #expect(quoted(bytes) == expected)
  }

  @Test func `every pair of bytes gives text without controls, quotes inside escaped`() {
    for first in UInt8.min...UInt8.max {
      for second in UInt8.min...UInt8.max {
        let bytes = [first, second]
        var line: [UInt8] = []
        line.append(jsonString: bytes)
        let inner = line.dropFirst().dropLast()
        #expect(String(validating: line, as: UTF8.self) != nil)
        #expect(inner.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        var escaped = false
        for byte in inner {
          if byte == ASCII.quote { #expect(escaped) }
          escaped = byte == ASCII.backslash && !escaped
        }
        #expect(!escaped)
      }
    }
  }

  @Test func `hexadecimal digits keep their leading zeros`() {
    var line: [UInt8] = []
    line.append(hexadecimal: 0xA1F, digits: 16)
    #expect(line.displayText == "0000000000000a1f")
  }

  @Test(arguments: [0x00, 0x1F, 0x22, 0x5C, 0x7F, 0x80, 0xFF] as [UInt8])
  func `what must be escaped is found at every place of a long text`(byte: UInt8) {
    for place in 0..<40 {
      var bytes = [UInt8](repeating: 0x7E, count: 40)
      bytes[place] = byte
      let escape = quoted([byte]).dropFirst().dropLast()
      let before = String(repeating: "~", count: place)
      let after = String(repeating: "~", count: 39 - place)
      #expect(quoted(bytes) == "\"\(before)\(escape)\(after)\"")
    }
  }

  @Test(arguments: [0, 9, 10, 99, 1_000_000_007, UInt64.max])
  func `decimal digits are those of the number`(value: UInt64) {
    var line: [UInt8] = [0x78]
    line.append(decimal: value)
    #expect(line.displayText == "x\(value)")
  }
}
