internal import Primitives
internal import Verdict

extension Form<String> {
  /// A path; a relative one starts from the directory of the file it stands in.
  static var path: Form<String> {
    Form.located("a path", example: "tls/server.pem") { text, directory in
      text.isEmpty ? .flaw("a path is missing") : .value(Paths.resolve(text, from: directory))
    } write: {
      $0
    }
    .naming { $0 }
  }

  /// A name of letters, digits, `-`, `_` and `.`.
  static func name(_ noun: String, example: String) -> Form<String> {
    .parsed(noun, example: example, pattern: "^[A-Za-z0-9._-]{1,64}$") { text in
      let isName = text.utf8.allSatisfy {
        ASCII.isAlpha($0) || ASCII.isDigit($0) || "._-".utf8.contains($0)
      }
      return isName && (1...64).contains(text.utf8.count)
        ? .value(text)
        : .flaw("\(noun) has 1 to 64 letters, digits, '.', '_' and '-'")
    } write: {
      $0
    }
  }

  /// One line of visible text.
  static func line(_ noun: String, example: String) -> Form<String> {
    .parsed(noun, example: example) { text in
      let isLine = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
      return isLine && (1...200).contains(text.unicodeScalars.count)
        ? .value(text) : .flaw("\(noun) has 1 to 200 characters on one line")
    } write: {
      $0
    }
  }
}

/// The longest path a Unix socket can have: `sun_path` less its NUL.
private let longestSocketPath = 107

private func socketPath(_ text: Substring, _ directory: String) -> Parsed<String> {
  guard !text.isEmpty else { return .flaw("a path is missing after 'unix:'") }
  let path = Paths.resolve(String(text), from: directory)
  return path.utf8.count <= longestSocketPath
    ? .value(path)
    : .flaw(
      "the path of a Unix socket has at most \(longestSocketPath) bytes",
      help: "this one has \(path.utf8.count): \(path)")
}

/// A host and its port, split at the last colon; brackets around IPv6 are undone.
private struct HostAndPort {
  var host: Substring
  /// Nil where there is none.
  var port: Substring?
  var isBracketed: Bool

  init?(_ text: Substring) {
    if text.first == "[" {
      guard let close = text.firstIndex(of: "]") else { return nil }
      host = text[text.index(after: text.startIndex)..<close]
      isBracketed = true
      let rest = text[text.index(after: close)...]
      guard rest.isEmpty || rest.first == ":" else { return nil }
      port = rest.isEmpty ? nil : rest.dropFirst()
    } else {
      isBracketed = false
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, let host = parts.first else { return nil }
      self.host = host
      port = parts.count == 2 ? parts[1] : nil
    }
  }

  var portNumber: UInt16? {
    port?.utf8.decimalValue().flatMap { UInt16(exactly: $0) }
  }
}

extension Form<ListenAddress> {
  /// `127.0.0.1:8080`, `[::1]:8080` or `unix:PATH`. Port 0 is any free port.
  static var listenAddress: Form<ListenAddress> {
    .located(
      "an address to listen on", example: "0.0.0.0:8443", pattern: "^(unix:.+|.+:[0-9]{1,5})$"
    ) { text, directory in
      if text.hasPrefix("unix:") {
        switch socketPath(text.dropFirst(5), directory) {
        case .value(let path): return .value(.unix(path: path))
        case .flaw(let message, let help): return .flaw(message, help: help)
        }
      }
      return internet(text)
    } write: {
      $0.description
    }
    .naming { if case .unix(let path) = $0 { path } else { nil } }
  }

  static func internet(_ text: String) -> Parsed<ListenAddress> {
    guard let parts = HostAndPort(text[...]) else {
      return .flaw(
        "an IPv6 address and its port are written with brackets", help: "for example [::1]:8080")
    }
    guard parts.port != nil else {
      let isPort = parts.host.allSatisfy(\.isNumber)
      let example = isPort ? "0.0.0.0:\(text), or 127.0.0.1:\(text)" : "\(text):8080"
      return .flaw(
        isPort ? "an address is missing before the port" : "a port is missing after the address",
        help: "write \(example)")
    }
    guard let port = parts.portNumber else {
      return .flaw("a port is a number from 0 to 65535")
    }
    guard let address = IPAddress(text: parts.host.utf8),
      parts.isBracketed == (address.version == 6)
    else {
      let help =
        parts.host == "localhost"
        ? "write 127.0.0.1:\(port) or [::1]:\(port)"
        : parts.host.isEmpty || parts.host == "*"
          ? "write 0.0.0.0:\(port) or [::]:\(port) for every address"
          : "names are not looked up here: write the address"
      return .flaw("'\(parts.host)' is no IP address", help: help)
    }
    return .value(.ip(address, port: port))
  }
}

extension Form<OriginAddress> {
  /// `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH`, without a path on the server.
  static var origin: Form<OriginAddress> {
    .located(
      "the address of a server", example: "https://10.0.0.7:9443",
      pattern: "^(https?://|unix:)[^/?#]+"
    ) { text, directory in
      if text.hasPrefix("unix:") {
        switch socketPath(text.dropFirst(5), directory) {
        case .value(let path):
          return .value(OriginAddress(scheme: .http, endpoint: .unix(path: path)))
        case .flaw(let message, let help): return .flaw(message, help: help)
        }
      }
      return internet(text)
    } write: {
      $0.description
    }
  }

  static func internet(_ text: String) -> Parsed<OriginAddress> {
    guard
      let scheme = [OriginAddress.Scheme.http, .https].first(where: {
        text.lowercased().hasPrefix("\($0.rawValue)://")
      })
    else {
      let isSchemeless = !text.contains("://")
      return .flaw(
        "the address of a server begins with http://, https:// or unix:",
        help: isSchemeless ? "did you mean http://\(text)?" : nil)
    }
    let rest = text.dropFirst(scheme.rawValue.count + 3)
    let authority = rest.prefix { !"/?#".contains($0) }
    guard authority.count == rest.count || rest.dropFirst(authority.count) == "/" else {
      return .flaw(
        "the address of a server has no path: requests keep their own",
        help: "write \(scheme.rawValue)://\(authority)")
    }
    guard !authority.contains("@") else {
      return .flaw("the address of a server holds no user or password")
    }
    guard let parts = HostAndPort(authority), isHost(parts) else {
      return .flaw("'\(authority)' is no host with a port")
    }
    guard parts.port == nil || parts.portNumber ?? 0 > 0 else {
      return .flaw("a port is a number from 1 to 65535")
    }
    let port = parts.portNumber ?? (scheme == .http ? 80 : 443)
    return .value(
      OriginAddress(scheme: scheme, endpoint: .host(String(parts.host), port: port)))
  }

  private static func isHost(_ parts: HostAndPort) -> Bool {
    if parts.isBracketed { return IPAddress(text: parts.host.utf8)?.version == 6 }
    return isHostName(parts.host)
  }
}

/// Whether the text is a name as the resolver takes it, or an IPv4 address: labels of letters,
/// digits, `-` and `_` (RFC 1123 §2.1, and the underscore people use). What is all digits and dots
/// must be an address.
func isHostName(_ text: Substring) -> Bool {
  guard (1...253).contains(text.utf8.count) else { return false }
  if text.allSatisfy({ $0.isNumber || $0 == "." }) { return IPAddress(text: text.utf8) != nil }
  return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
    (1...63).contains(label.utf8.count)
      && label.utf8.allSatisfy {
        ASCII.isAlpha($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
      }
  }
}

extension Form<AddressBlock> {
  static var addressBlock: Form<AddressBlock> {
    .parsed("a block of addresses", example: "10.0.0.0/8") { text in
      if let block = AddressBlock(text: text.utf8) { return .value(block) }
      let parts = text.split(separator: "/", maxSplits: 1)
      guard parts.count == 2, IPAddress(text: parts[0].utf8) != nil else {
        return .flaw(
          "'\(text)' is no block of addresses", help: "for example 10.0.0.0/8 or fd00::/8")
      }
      return .flaw(
        "the length after '/' is too large, or bits are set after that length",
        help: "write the first address of the block")
    } write: {
      $0.description
    }
  }
}

extension Form<LogDestination> {
  /// A path, or one of the words `stderr` and `off`.
  static var logDestination: Form<LogDestination> {
    .located("a path, 'stderr' or 'off'", example: "/var/log/countersign/findings.jsonl") {
      text, directory in
      switch text {
      case "": .flaw("a path is missing")
      case "off": .value(.off)
      case "stderr": .value(.standardError)
      default: .value(.file(path: Paths.resolve(text, from: directory)))
      }
    } write: { destination in
      switch destination {
      case .off: "off"
      case .standardError: "stderr"
      case .file(let path): path
      }
    }
    .naming { if case .file(let path) = $0 { path } else { nil } }
  }
}
