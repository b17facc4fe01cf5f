internal import HTTPModel
internal import Primitives
internal import Proxy
internal import Verdict

/// Reads what `POST /purge` is sent: a form, or a JSON object with the same names.
///
///     url=https://auth.example.com/assets/logo.svg&soft=true
///     {"tag": "logos", "soft": true, "service": "auth"}
///
/// Strict: one of `url`, `prefix`, `host`, `tag`, `group`, once; nothing unknown, so that a slip of
/// the pen does not purge more than was meant.
enum PurgeText {
  /// The longest text that is taken, in bytes.
  static let limit = 16_384

  /// What is wrong with the text.
  enum Flaw: Error, Equatable {
    case notAForm
    case notAnObject
    case unknown(String)
    case repeated(String)
    case noSubject
    case severalSubjects
    case empty(String)
    case notABoolean

    var sentence: String {
      switch self {
      case .notAForm: "This is no form."
      case .notAnObject: "This is no JSON object with strings and booleans."
      case .unknown(let name): "There is no '\(name)' here: \(PurgeText.names)."
      case .repeated(let name): "'\(name)' is said twice."
      case .noSubject: "What is to be purged? One of url, prefix, host, tag, group."
      case .severalSubjects: "One thing at a time: url, prefix, host, tag or group."
      case .empty(let name): "'\(name)' is empty."
      case .notABoolean: "'soft' is true or false."
      }
    }
  }

  static let names = "url, prefix, host, tag, group, soft, service"
  private static let subjects = ["url", "prefix", "host", "tag", "group"]

  static func isJSON(_ fields: FieldSection) -> Bool {
    guard let type = fields.only(.contentType) else { return false }
    let essence = type.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
    return essence.equalsIgnoringASCIICase("application/json")
  }

  static func read(_ text: [UInt8], isJSON: Bool) throws(Flaw) -> PurgeRequest {
    let members = isJSON ? try object(text) : try form(text)
    var subject: PurgeRequest.Subject?
    var request = PurgeRequest(.host([]))
    var seen: Set<String> = []
    for member in members {
      guard seen.insert(member.name).inserted else { throw .repeated(member.name) }
      guard !member.value.isEmpty else { throw .empty(member.name) }
      switch member.name {
      case "soft": request.isSoft = try boolean(member.value)
      case "service": request.service = String(decoding: member.value, as: UTF8.self)
      default:
        guard let named = named(member) else { throw .unknown(member.name) }
        guard subject == nil else { throw .severalSubjects }
        subject = named
      }
    }
    guard let subject else { throw .noSubject }
    request.subject = subject
    return request
  }

  private struct Member {
    let name: String
    let value: [UInt8]
  }

  private static func named(_ member: Member) -> PurgeRequest.Subject? {
    switch member.name {
    case "url": .url(member.value)
    case "prefix": .prefix(member.value)
    case "host": .host(member.value)
    case "tag": .tag(member.value)
    case "group": .group(member.value)
    default: nil
    }
  }

  private static func boolean(_ value: [UInt8]) throws(Flaw) -> Bool {
    if value[...].equals("true") { return true }
    guard value[...].equals("false") else { throw .notABoolean }
    return false
  }

  // MARK: Forms

  private static func form(_ text: [UInt8]) throws(Flaw) -> [Member] {
    var members: [Member] = []
    for pair in text.split(separator: UInt8(ascii: "&")) {
      let name = pair.prefix { $0 != ASCII.equals }
      guard let decodedName = decoded(name),
        let value = decoded(pair[name.endIndex...].dropFirst())
      else { throw .notAForm }
      members.append(Member(name: String(decoding: decodedName, as: UTF8.self), value: value))
    }
    return members
  }

  private static func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var result: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "+"): result.append(ASCII.space)
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(ASCII.hexadecimalValue),
          let low = rest.popFirst().flatMap(ASCII.hexadecimalValue)
        else { return nil }
        result.append(high << 4 | low)
      default: result.append(byte)
      }
    }
    return result
  }

  // MARK: JSON

  private static func object(_ text: [UInt8]) throws(Flaw) -> [Member] {
    let known: [StaticString] = ["url", "prefix", "host", "tag", "group", "soft", "service"]
    let values: JSONValues
    do throws(JSONError) {
      values = try JSONReader.read(text.span, at: known.map { JSONPointer(tokens: [$0]) })
    } catch {
      throw .notAnObject
    }
    guard text.first(where: { !isSpace($0) }) == UInt8(ascii: "{") else { throw .notAnObject }
    var members: [Member] = []
    for (index, name) in known.enumerated() {
      guard let value = values[index] else { continue }
      switch value.kind {
      case .string, .true, .false: break
      case .object, .array, .number, .null: throw .notAnObject
      }
      members.append(Member(name: "\(name)", value: value.bytes(in: text.span)))
    }
    guard members.count == memberCount(text) else { throw .unknown("other member") }
    return members
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == ASCII.space || byte == ASCII.horizontalTab || byte == ASCII.lineFeed
      || byte == ASCII.carriageReturn
  }

  /// How many members an object has whose text was checked: the commas of its own level, and one.
  private static func memberCount(_ text: [UInt8]) -> Int {
    var count = 0
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in text {
      if isInString {
        isInString = isEscaped || byte != ASCII.quote
        isEscaped = !isEscaped && byte == ASCII.backslash
        continue
      }
      switch byte {
      case ASCII.quote:
        isInString = true
        if depth == 1 { count = max(count, 1) }
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case ASCII.comma: if depth == 1 { count += 1 }
      default: break
      }
    }
    return count
  }
}
