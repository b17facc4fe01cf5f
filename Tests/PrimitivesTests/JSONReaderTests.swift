import Primitives
import Testing

/// Reads text at pointers; the values as text, strings unescaped.
private func values(_ text: [UInt8], _ pointers: [String]) throws -> [String?] {
  let parsed = try pointers.map { try JSONPointer(parsing: $0.utf8) }
  let found = try JSONReader.read(text.span, at: parsed)
  return pointers.indices.map { index in
    found[index].map { String(decoding: $0.bytes(in: text.span), as: UTF8.self) }
  }
}

private func failure(_ text: [UInt8], limits: JSONLimits = JSONLimits()) -> JSONError? {
  do throws(JSONError) {
    _ = try JSONReader.read(text.span, limits: limits)
    return nil
  } catch {
    return error
  }
}

/// A text in bytes: `\xHH` stands for one byte.
private func bytes(_ text: String) -> [UInt8] {
  var result: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.popFirst() {
    if byte == 0x5C, rest.first == 0x78, rest.count >= 3 {
      let digits = String(decoding: rest.dropFirst().prefix(2), as: UTF8.self)
      result.append(UInt8(digits, radix: 16) ?? 0)
      rest = rest.dropFirst(3)
    } else {
      result.append(byte)
    }
  }
  return result
}

@Suite struct JSONReaderTests {
  @Test(arguments: [
    "{}", "[]", "0", "-0", "1", "-1", "10", "1.5", "-1.5", "0.1", "1e1", "1E1", "1e+1", "1e-1",
    "0e0", "0E+00", "123.456e789", "1.0E+2", "99999999999999999999999999", "true", "false", "null",
    #""""#, #""a""#, " 1 ", "\t1\n", "\r\n[\n]\r\n", "[1]", "[1,2]", "[ 1 , 2 ]", "[[]]", "[{}]",
    "[null]", #"{"a":1}"#, #"{"a":{}}"#, #"{ "a" : [ ] }"#, #"{"a":1,"b":2}"#, #"{"":0}"#,
    #"{"a":{"a":{"a":1}}}"#, #"[{"a":1},{"a":2}]"#, #"{"a":1,"A":2}"#, #""\"\\\/\b\f\n\r\t""#,
    #""\u0041""#, #""\u0000""#, #""\ud83d\ude00""#, #""\uD834\uDD1E""#, #""\udbff\udfff""#,
    #""é""#, #""€""#, #""😀""#, #""\#u{10FFFF}""#, #""\#u{7F}""#, #""/""#, #""\u00e9""#,
    #"{"é":1,"e\u0301":2}"#, #"["]","}"]"#, #"{"\u0000":1}"#,
  ])
  func `JSON by RFC 8259 is read`(text: String) {
    #expect(failure(Array(text.utf8)) == nil)
  }

  @Test(
    arguments: [
      ("", .empty), (" \n", .empty), ("{", .truncated), ("[", .truncated), ("[1", .truncated),
      ("[1,", .truncated), (#"{"a""#, .truncated), (#"{"a":"#, .truncated),
      (#"{"a":1"#, .truncated),
      (#"{"a":1,"#, .truncated), (#"""#, .truncated), (#""abc"#, .truncated), (#""\"#, .truncated),
      (#""\u00"#, .truncated), ("tru", .truncated), ("nul", .truncated), ("-", .truncated),
      ("1.", .truncated), ("1e", .truncated), ("1e+", .truncated), (#"["a"#, .truncated),
      ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte),
      ("[1}", .unexpectedByte), (#"{"a":1]"#, .unexpectedByte), (#"{"a":1,}"#, .unexpectedByte),
      ("{,}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("{'a':1}", .unexpectedByte),
      ("{1:1}", .unexpectedByte), (#"{"a" 1}"#, .unexpectedByte), (#"{"a"::1}"#, .unexpectedByte),
      ("True", .unexpectedByte), ("trux", .unexpectedByte), ("NULL", .unexpectedByte),
      ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("-Infinity", .badNumber),
      ("+1", .unexpectedByte), (".5", .unexpectedByte), ("'a'", .unexpectedByte),
      ("/* */1", .unexpectedByte), ("undefined", .unexpectedByte), (",", .unexpectedByte),
      ("]", .unexpectedByte), ("}", .unexpectedByte), (":", .unexpectedByte),
      (#"\xEF\xBB\xBF{}"#, .unexpectedByte), (#"\x00"#, .unexpectedByte),
      (#"\x0B1"#, .unexpectedByte),
      (#"\x0C1"#, .unexpectedByte), (#"\xC2\xA01"#, .unexpectedByte),
      (#"{\x00"a":1}"#, .unexpectedByte),
      ("--1", .badNumber), ("1.a", .badNumber), ("1.e1", .badNumber), ("1ea", .badNumber),
      ("-a", .badNumber), ("-.5", .badNumber), ("1e+-1", .badNumber), ("[1.]", .badNumber),
      ("01", .trailingBytes), ("-01", .trailingBytes), ("1 2", .trailingBytes),
      ("{}{}", .trailingBytes),
      ("{} x", .trailingBytes), ("[]]", .trailingBytes), ("1a", .trailingBytes),
      ("0x1", .trailingBytes),
      ("1,", .trailingBytes), (#"{}\x00"#, .trailingBytes), ("{}//", .trailingBytes),
      (#""a""b""#, .trailingBytes), ("truefalse", .trailingBytes),
      (#""\a""#, .badEscape), (#""\'""#, .badEscape), (#""\u12G4""#, .badEscape),
      (#""\U0041""#, .badEscape),
      (#""\ ""#, .badEscape), (#""\0""#, .badEscape), (#""\u""#, .badEscape),
      (#""\x00""#, .controlCharacter), (#""\x1F""#, .controlCharacter),
      (#""\x0A""#, .controlCharacter),
      (#""\x09""#, .controlCharacter), (#"{"a\x0D":1}"#, .controlCharacter),
      (#""\xFF""#, .badUTF8), (#""\x80""#, .badUTF8), (#""\xC0\xAF""#, .badUTF8),
      (#""\xC1\xBF""#, .badUTF8),
      (#""\xE0\x80\xAF""#, .badUTF8), (#""\xED\xA0\x80""#, .badUTF8),
      (#""\xF0\x80\x80\xAF""#, .badUTF8),
      (#""\xF4\x90\x80\x80""#, .badUTF8), (#""\xF5\x80\x80\x80""#, .badUTF8),
      (#""\xC3""#, .badUTF8),
      (#""\xE2\x82""#, .badUTF8), (#""\xE2\x28\xA1""#, .badUTF8), (#""\xF0\x9F\x98""#, .badUTF8),
      (#""\xE9""#, .badUTF8), (#"{"\xFE":1}"#, .badUTF8),
      (#""\ud800""#, .loneSurrogate), (#""\udc00""#, .loneSurrogate),
      (#""\ud800\ud800""#, .loneSurrogate),
      (#""\ud800x""#, .loneSurrogate), (#""\ud83d\n""#, .loneSurrogate),
      (#""\udfff\ud800""#, .loneSurrogate),
      (#""\ud800\u0041""#, .loneSurrogate),
      (#"{"a":1,"a":1}"#, .duplicateMember), (#"{"a":1,"\u0061":1}"#, .duplicateMember),
      (#"{"a/b":1,"a\/b":1}"#, .duplicateMember), (#"{"x":{"a":1,"b":2,"a":3}}"#, .duplicateMember),
      (#"[{"b":0,"b":0}]"#, .duplicateMember), (#"{"":1,"":2}"#, .duplicateMember),
      (#"{"😀":1,"\ud83d\ude00":2}"#, .duplicateMember), (#"{"é":1,"\u00E9":2}"#, .duplicateMember),
      (#"{"a":{"b":1},"a":null}"#, .duplicateMember),
    ] as [(String, JSONError.Code)])
  func `anything else is refused with the reason`(text: String, code: JSONError.Code) {
    #expect(failure(bytes(text))?.code == code)
  }

  @Test func `limits on depth, size and members are kept to the unit`() {
    func nested(_ depth: Int) -> [UInt8] {
      Array(String(repeating: "[", count: depth).utf8)
        + Array(String(repeating: "]", count: depth).utf8)
    }
    func members(_ count: Int) -> [UInt8] {
      Array("{\((0..<count).map { "\"m\($0)\":0" }.joined(separator: ","))}".utf8)
    }
    #expect(failure(nested(64)) == nil)
    #expect(failure(nested(65))?.code == .tooDeep)
    #expect(failure(nested(100_000))?.code == .tooDeep)
    #expect(failure(members(1024)) == nil)
    #expect(failure(members(1025))?.code == .tooManyMembers)
    #expect(failure(Array("  1".utf8), limits: JSONLimits(maximumBytes: 2))?.code == .tooLarge)
    #expect(failure(Array(" 1".utf8), limits: JSONLimits(maximumBytes: 2)) == nil)
  }

  @Test func `a repeated name is found among many and after nested objects`() {
    let many = (0..<100).map { "\"m\($0)\":{\"m\($0)\":0}" }.joined(separator: ",")
    #expect(failure(Array("{\(many)}".utf8)) == nil)
    #expect(failure(Array("{\(many),\"m7\":1}".utf8))?.code == .duplicateMember)
    #expect(failure(Array("{\(many),\"m99\":1}".utf8))?.code == .duplicateMember)
  }

  @Test func `one pass finds the values of several pointers`() throws {
    let text = Array(#"{"a":[10,{"b":"x\ny"}],"c":{"d":null,"~/":true},"":false,"0":-1.50}"#.utf8)
    #expect(
      try values(
        text, ["/a/0", "/a/1/b", "/c/d", "/c/~0~1", "/", "/0", "/a/2", "/x", "/a/b", "/c/d/e"])
        == ["10", "x\ny", "null", "true", "false", "-1.50", nil, nil, nil, nil])
    #expect(try values(text, ["/a", ""])[0] == #"[10,{"b":"x\ny"}]"#)
    #expect(try values(text, [""])[0] == String(decoding: text, as: UTF8.self))
  }

  @Test(arguments: ["/00", "/01", "/-", "/+1", "/ 1", "/2", "/18446744073709551616"])
  func `an index that is not a canonical number in range finds nothing`(pointer: String) throws {
    #expect(try values(Array("[5,6]".utf8), [pointer]) == [nil])
  }

  @Test func `a member name is found by its unescaped bytes and no others`() throws {
    let text = Array(#"{"us\u0065r":"bob","e\u0301":"decomposed"}"#.utf8)
    #expect(try values(text, ["/user", "/\u{E9}"]) == ["bob", nil])
  }

  @Test func `strings are unescaped to the bytes they stand for`() throws {
    let text = Array(#"["\u0041\u00e9\u20ac\ud83d\ude00\u0000\/\"\\","plain"]"#.utf8)
    #expect(try values(text, ["/0", "/1"]) == ["A\u{E9}\u{20AC}\u{1F600}\0/\"\\", "plain"])
  }

  @Test func `values are compared as bytes`() throws {
    let text = Array(#"["a\u0062c"]"#.utf8)
    let found = try JSONReader.read(text.span, at: [try JSONPointer(parsing: "/0".utf8)])
    let value = try #require(found[0])
    func isEqual(_ other: String) -> Bool { value.equals(other.utf8, in: text.span) }
    func isEqualSecret(_ other: String) -> Bool {
      value.equalsSecret(Array(other.utf8), in: text.span)
    }
    #expect(isEqual("abc"))
    #expect(isEqualSecret("abc"))
    for other in ["abd", "ab", "abcd", ""] {
      #expect(!isEqual(other))
      #expect(!isEqualSecret(other))
    }
  }

  @Test(arguments: [
    ("[]", 0), ("[ ]", 0), ("[1]", 1), ("[1,2]", 2), ("[[1,2],{\"a\":[1,2]},\"],[\"]", 3),
    ("[[]]", 1), ("[\"\"]", 1), ("{\"a\":1}", 0), ("[\"\\\"\",1]", 2),
  ])
  func `elements are counted`(text: String, count: Int) throws {
    let text = Array(text.utf8)
    let found = try JSONReader.read(text.span, at: [try JSONPointer(parsing: "".utf8)])
    let value = try #require(found[0])
    let counted = JSONReader.elementCount(of: value, in: text.span)
    #expect(counted == count)
  }

  @Test func `every prefix of a text is refused and never traps`() {
    let text = Array(#"{"a":[1.5e3,true,null,"\ud83d\ude00é"],"b":{"c":false}}"#.utf8)
    for length in 0..<text.count {
      #expect(failure(Array(text[..<length])) != nil)
    }
  }

  @Test func `random bytes from the alphabet of JSON never trap`() {
    let alphabet = Array("{}[]\",:\\u0dD8ac1e-+.truefalsn \u{E9}".utf8) + [0xFF, 0x00, 0xED]
    var generator = SystemRandomNumberGenerator()
    let pointer = JSONPointer(tokens: ["a"])
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0..<24, using: &generator)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
      }
      if let found = try? JSONReader.read(text.span, at: [pointer]), let value = found[0] {
        let length = value.bytes(in: text.span).count
        #expect(length <= text.count)
      }
    }
  }
}
