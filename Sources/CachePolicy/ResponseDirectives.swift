package import HTTPModel
package import Primitives

/// What the `Cache-Control` lines of a response say (RFC 9111 §5.2.2), or the targeted field that
/// counts in their place (RFC 9213); conflicts resolved to the stricter.
///
/// Repeated directives: the shorter time counts. A time that is not a number counts as 0 (RFC 9111
/// §4.2.1). `no-cache` or `private` with field names that cannot be read counts as without names.
package struct ResponseDirectives: Sendable, Equatable {
  /// The directives that are there or not.
  package struct Flags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let noStore = Flags(rawValue: 1 << 0)
    /// `no-cache` without field names.
    package static let noCache = Flags(rawValue: 1 << 1)
    /// `private` without field names.
    package static let `private` = Flags(rawValue: 1 << 2)
    package static let `public` = Flags(rawValue: 1 << 3)
    package static let mustRevalidate = Flags(rawValue: 1 << 4)
    package static let proxyRevalidate = Flags(rawValue: 1 << 5)
    package static let mustUnderstand = Flags(rawValue: 1 << 6)
    package static let noTransform = Flags(rawValue: 1 << 7)
    /// RFC 8246.
    package static let immutable = Flags(rawValue: 1 << 8)
  }

  package private(set) var flags: Flags = []
  package private(set) var maxAge: Seconds?
  package private(set) var sharedMaxAge: Seconds?
  package private(set) var staleWhileRevalidate: Seconds?
  package private(set) var staleIfError: Seconds?
  /// The field names, in lowercase, that `no-cache="…"` and `private="…"` keep out of the store.
  package private(set) var unstoredFields: [[UInt8]] = []
  /// Whether a targeted field said all this: `Expires` and `Pragma` count for nothing then.
  package private(set) var isTargeted = false

  /// Reads the targeted field that counts, else every `Cache-Control` line.
  package init(_ fields: FieldSection, rules: CacheRules) {
    self.init()
    if readTargeted(fields, names: rules.targetedFields) {
      if !rules.targetedFieldsLiftNoStore { restrict(by: ResponseDirectives(fields)) }
    } else {
      readCacheControl(fields)
    }
  }

  private init() {}

  /// Reads every `Cache-Control` line.
  package init(_ fields: FieldSection) {
    self.init()
    readCacheControl(fields)
  }

  private mutating func readCacheControl(_ fields: FieldSection) {
    guard fields.contains(.cacheControl) else { return }
    let storage = fields.storage
    for line in fields.lines where line.known == .cacheControl {
      read(storage.span, in: line.valueRange)
    }
  }

  private mutating func read(_ bytes: Span<UInt8>, in range: Range<Int>) {
    var reader = DirectiveReader(bytes, in: range)
    while let directive = reader.next() {
      if !readTime(directive, from: reader) { readFlag(directive, from: reader) }
    }
  }

  private mutating func readTime(
    _ directive: DirectiveReader.Directive, from reader: borrowing DirectiveReader
  ) -> Bool {
    if reader.isNamed(directive, "max-age") {
      maxAge = Self.stricter(maxAge, reader.seconds(directive.argument))
    } else if reader.isNamed(directive, "s-maxage") {
      sharedMaxAge = Self.stricter(sharedMaxAge, reader.seconds(directive.argument))
    } else if reader.isNamed(directive, "stale-while-revalidate") {
      staleWhileRevalidate = Self.stricter(
        staleWhileRevalidate, reader.seconds(directive.argument))
    } else if reader.isNamed(directive, "stale-if-error") {
      staleIfError = Self.stricter(staleIfError, reader.seconds(directive.argument))
    } else {
      return false
    }
    return true
  }

  private mutating func readFlag(
    _ directive: DirectiveReader.Directive, from reader: borrowing DirectiveReader
  ) {
    if reader.isNamed(directive, "no-store") {
      flags.insert(.noStore)
    } else if reader.isNamed(directive, "no-cache") {
      restrict(.noCache, reader.fieldNames(directive.argument))
    } else if reader.isNamed(directive, "private") {
      restrict(.private, reader.fieldNames(directive.argument))
    } else if reader.isNamed(directive, "public") {
      flags.insert(.public)
    } else if reader.isNamed(directive, "must-revalidate") {
      flags.insert(.mustRevalidate)
    } else if reader.isNamed(directive, "proxy-revalidate") {
      flags.insert(.proxyRevalidate)
    } else if reader.isNamed(directive, "must-understand") {
      flags.insert(.mustUnderstand)
    } else if reader.isNamed(directive, "no-transform") {
      flags.insert(.noTransform)
    } else if reader.isNamed(directive, "immutable") {
      flags.insert(.immutable)
    }
  }

  private mutating func restrict(_ flag: Flags, _ names: [[UInt8]]?) {
    if let names {
      unstoredFields.append(contentsOf: names)
    } else {
      flags.insert(flag)
    }
  }

  private static func stricter(_ known: Seconds?, _ read: Seconds?) -> Seconds {
    min(known ?? .maximum, read ?? .zero)
  }

  // MARK: Targeted fields (RFC 9213)

  /// Reads the first of these fields that has a valid value that is not empty (§2.2); false where
  /// none has.
  private mutating func readTargeted(_ fields: FieldSection, names: [FieldName]) -> Bool {
    for name in names {
      guard fields.count(of: name) > 0,
        let members = StructuredField.dictionary(fields.values(named: name.bytes)),
        !members.isEmpty
      else { continue }
      isTargeted = true
      for member in members where !readTime(member) { readFlag(member) }
      return true
    }
    return false
  }

  /// A time of another type than an integer counts as 0, like any that cannot be read.
  private mutating func readTime(_ member: StructuredField.Member) -> Bool {
    let time: Seconds? =
      if case .integer(let count) = member.value { Seconds(count) } else { nil }
    if member.key.equals("max-age") {
      maxAge = time ?? .zero
    } else if member.key.equals("s-maxage") {
      sharedMaxAge = time ?? .zero
    } else if member.key.equals("stale-while-revalidate") {
      staleWhileRevalidate = time ?? .zero
    } else if member.key.equals("stale-if-error") {
      staleIfError = time ?? .zero
    } else {
      return false
    }
    return true
  }

  /// What restricts counts whatever its type; what allows counts only as it should be written.
  private mutating func readFlag(_ member: StructuredField.Member) {
    let isTrue = member.value == .boolean(true)
    switch member.key {
    case let key where key.equals("no-store"): flags.insert(.noStore)
    case let key where key.equals("no-cache"): restrict(.noCache, Self.fieldNames(member.value))
    case let key where key.equals("private"): restrict(.private, Self.fieldNames(member.value))
    case let key where key.equals("must-revalidate"): flags.insert(.mustRevalidate)
    case let key where key.equals("proxy-revalidate"): flags.insert(.proxyRevalidate)
    case let key where key.equals("must-understand"): flags.insert(.mustUnderstand)
    case let key where key.equals("no-transform"): flags.insert(.noTransform)
    case let key where key.equals("public") && isTrue: flags.insert(.public)
    case let key where key.equals("immutable") && isTrue: flags.insert(.immutable)
    default: break
    }
  }

  /// The names in a string or token, in small letters; nil where there are none that can be read.
  private static func fieldNames(_ value: StructuredField.Value) -> [[UInt8]]? {
    let text: [UInt8]
    switch value {
    case .string(let found), .token(let found): text = found
    default: return nil
    }
    let names = text.asciiLowercased().split(separator: ASCII.comma)
      .map { Array($0.trimmingOptionalWhitespace()) }.filter { !$0.isEmpty }
    return names.isEmpty || !names.allSatisfy({ $0.allSatisfy(ASCII.isTokenCharacter) })
      ? nil : names
  }

  /// Adds what another field forbids.
  private mutating func restrict(by other: ResponseDirectives) {
    flags.formUnion(
      other.flags.intersection([
        .noStore, .noCache, .private, .mustRevalidate, .proxyRevalidate, .mustUnderstand,
      ]))
    unstoredFields.append(contentsOf: other.unstoredFields)
  }
}
