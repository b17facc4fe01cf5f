internal import HTTPModel
internal import Primitives

/// What a response says about storing it, as far as the detectors ask. The cache lane has its own,
/// exact reading; this one also notices what is odd.
struct StoringWords {
  private(set) var noStore = false
  private(set) var isPrivate = false
  private(set) var isPublic = false
  private(set) var noCache = false
  private(set) var mustRevalidate = false
  private(set) var noTransform = false
  private(set) var sharedMaximumAge: Int64?
  private(set) var maximumAge: Int64?
  private(set) var staleAllowance: Int64 = 0
  /// A lifetime in a targeted field: it outranks `Cache-Control` where it is understood (RFC 9213).
  private(set) var hasTargetedLifetime = false
  /// `Expires` lies after the moment the response came.
  private(set) var expiresLater = false
  private(set) var isOdd = false
  /// Whether there is any word about caching at all.
  private(set) var isSilent: Bool

  private static let fields = KnownFieldSet([
    .cacheControl, .expires, .pragma, .surrogateControl, .cdnCacheControl, .edgeControl,
    .xAccelExpires,
  ])

  init(of exchange: borrowing AuditedExchange) {
    let section = exchange.response.fields
    isSilent = !section.containsAny(of: Self.fields)
    for line in section.lines {
      switch line.known {
      case .cacheControl: read(section.value(of: line))
      case .expires: readExpires(section.value(of: line), now: exchange.receivedAt)
      case .xAccelExpires:
        let value = section.value(of: line)
        hasTargetedLifetime =
          hasTargetedLifetime || value.first == 0x40 || (value.decimalValue() ?? 0) > 0
      case .surrogateControl, .cdnCacheControl, .edgeControl:
        readTargeted(section.value(of: line))
      case nil:
        if section.name(of: line).suffix(14).equalsIgnoringASCIICase("-cache-control") {
          isSilent = false
          readTargeted(section.value(of: line))
        }
      default: break
      }
    }
    isOdd = isOdd || (isPublic && (isPrivate || noStore)) || (noStore && (maximumAge ?? 0) > 0)
  }

  /// A lifetime that shared caches heed.
  var hasSharedLifetime: Bool {
    if let sharedMaximumAge { return sharedMaximumAge > 0 }
    if let maximumAge { return maximumAge > 0 }
    return expiresLater
  }

  /// Whether a shared cache may store the response (RFC 9111 §3), heuristics included.
  func allowsSharing(in exchange: AuditedExchange) -> Bool {
    if hasTargetedLifetime { return true }
    if noStore || isPrivate { return false }
    let liftsAuthorization = isPublic || mustRevalidate || sharedMaximumAge != nil
    if exchange.request.fields.contains(.authorization), !liftsAuthorization { return false }
    if hasSharedLifetime { return true }
    guard exchange.isRead else { return false }
    return isPublic || isSilent && exchange.response.status.isHeuristicallyCacheable
  }

  // MARK: Reading

  private mutating func read(_ value: ArraySlice<UInt8>) {
    var reader = DirectiveWords(value)
    while let directive = reader.next() { take(directive) }
    isOdd = isOdd || reader.isBroken
  }

  private mutating func take(_ directive: DirectiveWords.Directive) {
    let name = directive.name
    if name.equalsIgnoringASCIICase("no-store") {
      noStore = true
    } else if name.equalsIgnoringASCIICase("private") {
      isPrivate = isPrivate || directive.argument == nil
    } else if name.equalsIgnoringASCIICase("public") {
      isPublic = true
    } else if name.equalsIgnoringASCIICase("no-cache") {
      noCache = noCache || directive.argument == nil
    } else if name.equalsIgnoringASCIICase("must-revalidate") {
      mustRevalidate = true
    } else if name.equalsIgnoringASCIICase("no-transform") {
      noTransform = true
    } else if name.equalsIgnoringASCIICase("max-age") {
      takeNumber(directive, into: \.maximumAge)
    } else if name.equalsIgnoringASCIICase("s-maxage") {
      takeNumber(directive, into: \.sharedMaximumAge)
    } else if name.equalsIgnoringASCIICase("stale-while-revalidate")
      || name.equalsIgnoringASCIICase("stale-if-error")
    {
      staleAllowance = max(staleAllowance, directive.argument?.decimalValue() ?? 1)
    }
  }

  private mutating func takeNumber(
    _ directive: DirectiveWords.Directive, into path: WritableKeyPath<StoringWords, Int64?>
  ) {
    guard let number = directive.argument?.decimalValue() else {
      isOdd = true
      // Unreadable counts as a lifetime: some cache will read it so.
      self[keyPath: path] = self[keyPath: path] ?? 1
      return
    }
    if let earlier = self[keyPath: path], earlier != number { isOdd = true }
    isOdd = isOdd || directive.isQuoted
    self[keyPath: path] = max(self[keyPath: path] ?? 0, number)
  }

  private mutating func readTargeted(_ value: ArraySlice<UInt8>) {
    var reader = DirectiveWords(value)
    while let directive = reader.next() {
      let isLifetime =
        directive.name.equalsIgnoringASCIICase("max-age")
        || directive.name.equalsIgnoringASCIICase("s-maxage")
        || directive.name.equalsIgnoringASCIICase("cache-maxage")
      guard isLifetime, let argument = directive.argument else { continue }
      // `Edge-Control: cache-maxage=1h` has a unit.
      let digits = argument.prefix(while: ASCII.isDigit)
      if (digits.decimalValue() ?? 0) > 0 { hasTargetedLifetime = true }
    }
  }

  private mutating func readExpires(_ value: ArraySlice<UInt8>, now: WallTime) {
    if let date = HTTPDate.parse(value, now: now) {
      expiresLater = expiresLater || date > now
    } else if !value.equals("0"), !value.equals("-1") {
      isOdd = true
    }
  }
}

extension Status {
  /// Whether caches may choose a lifetime themselves (RFC 9110 §15.1).
  var isHeuristicallyCacheable: Bool {
    switch code {
    case 200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501: true
    default: false
    }
  }
}

/// The directives of one line, quoted arguments in one piece.
struct DirectiveWords {
  struct Directive {
    let name: ArraySlice<UInt8>
    let argument: ArraySlice<UInt8>?
    let isQuoted: Bool
  }

  private var rest: ArraySlice<UInt8>
  /// Whether a quotation does not end.
  private(set) var isBroken = false

  init(_ value: ArraySlice<UInt8>) { rest = value }

  mutating func next() -> Directive? {
    while !rest.isEmpty {
      let member = takeMember().trimmingOptionalWhitespace()
      guard !member.isEmpty else { continue }
      guard let equals = member.firstIndex(of: ASCII.equals) else {
        return Directive(name: member, argument: nil, isQuoted: false)
      }
      let name = member[..<equals].trimmingOptionalWhitespace()
      let argument = member[(equals + 1)...].trimmingOptionalWhitespace()
      guard argument.first == ASCII.quote else {
        return Directive(name: name, argument: argument, isQuoted: false)
      }
      let inside = argument.dropFirst()
      return Directive(
        name: name, argument: inside.last == ASCII.quote ? inside.dropLast() : inside,
        isQuoted: true)
    }
    return nil
  }

  private mutating func takeMember() -> ArraySlice<UInt8> {
    var isInside = false
    var isEscaped = false
    for (index, byte) in zip(rest.indices, rest) {
      if isEscaped {
        isEscaped = false
      } else if byte == ASCII.quote {
        isInside.toggle()
      } else if isInside, byte == ASCII.backslash {
        isEscaped = true
      } else if !isInside, byte == ASCII.comma {
        let member = rest[..<index]
        rest = rest[(index + 1)...]
        return member
      }
    }
    isBroken = isBroken || isInside
    let member = rest
    rest = []
    return member
  }
}
