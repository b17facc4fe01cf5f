internal import CLinux
internal import Glibc
internal import Primitives

/// Where a socket is bound or a peer is: IPv4, IPv6, or a path in the file system.
package enum SocketAddress: Hashable, Sendable, CustomStringConvertible {
  /// The address as a number, first octet highest.
  case v4(address: UInt32, port: UInt16)
  /// The address in two halves, first octet highest; `scope` is the interface of a link-local one,
  /// or 0.
  case v6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
  /// A Unix socket. A path that begins with `@` names a socket in Linux's abstract space. An empty
  /// path is a peer that has no name.
  case unix(path: String)

  /// The longest path a Unix socket can have, in bytes.
  package static let maximumPathLength = 107

  package var port: UInt16? {
    switch self {
    case .v4(_, let port), .v6(_, _, let port, _): port
    case .unix: nil
    }
  }

  package func withPort(_ port: UInt16) -> SocketAddress {
    switch self {
    case .v4(let address, _): .v4(address: address, port: port)
    case .v6(let high, let low, _, let scope): .v6(high: high, low: low, port: port, scope: scope)
    case .unix: self
    }
  }

  package var isUnix: Bool { if case .unix = self { true } else { false } }

  var family: Int32 {
    switch self {
    case .v4: AF_INET
    case .v6: AF_INET6
    case .unix: AF_UNIX
    }
  }
}

extension SocketAddress {
  /// Calls `body` with the address as the kernel reads it. Throws what `body` throws.
  borrowing func withPointer<Result>(
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var storage = sockaddr_storage()
    let length = unsafe withUnsafeMutableBytes(of: &storage) { unsafe write(into: $0) }
    return unsafe withUnsafePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, length) }
    }
  }

  private func write(into bytes: UnsafeMutableRawBufferPointer) -> socklen_t {
    switch self {
    case .v4(let address, let port):
      var value = sockaddr_in()
      value.sin_family = sa_family_t(AF_INET)
      value.sin_port = port.bigEndian
      value.sin_addr.s_addr = address.bigEndian
      unsafe withUnsafeBytes(of: value) { unsafe bytes.copyMemory(from: $0) }
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    case .v6(let high, let low, let port, let scope):
      var value = sockaddr_in6()
      value.sin6_family = sa_family_t(AF_INET6)
      value.sin6_port = port.bigEndian
      value.sin6_scope_id = scope
      unsafe withUnsafeMutableBytes(of: &value.sin6_addr) {
        unsafe $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      unsafe withUnsafeBytes(of: value) { unsafe bytes.copyMemory(from: $0) }
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .unix(let path):
      return unsafe Self.write(path: path, into: bytes)
    }
  }

  // A path is followed by a zero byte; an abstract name begins with one and is as long as it is.
  private static func write(path: String, into bytes: UnsafeMutableRawBufferPointer) -> socklen_t {
    unsafe bytes.storeBytes(of: sa_family_t(AF_UNIX), as: sa_family_t.self)
    var end = MemoryLayout<sa_family_t>.size
    for byte in path.utf8.prefix(maximumPathLength) {
      unsafe bytes[end] = byte
      end += 1
    }
    guard path.utf8.first == 0x40 else { return socklen_t(end + 1) }
    unsafe bytes[MemoryLayout<sa_family_t>.size] = 0
    return socklen_t(end)
  }

  /// Reads an address the kernel wrote. An unknown family is a peer with no name.
  init(_ storage: borrowing sockaddr_storage, length: socklen_t) {
    let family = Int32(storage.ss_family)
    self = unsafe withUnsafeBytes(of: storage) { bytes in
      switch family {
      case AF_INET:
        return unsafe .v4(
          address: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
          port: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      case AF_INET6:
        return unsafe .v6(
          high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
          low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
          port: UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)),
          scope: bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
      default:
        return unsafe .unix(path: Self.path(in: bytes, length: Int(length)))
      }
    }
  }

  private static func path(in bytes: UnsafeRawBufferPointer, length: Int) -> String {
    let start = MemoryLayout<sa_family_t>.size
    guard length > start, length <= bytes.count else { return "" }
    let name = unsafe bytes[start..<length]
    if unsafe bytes[start] == 0 {
      return unsafe "@" + String(decoding: name.dropFirst(), as: UTF8.self)
    }
    return unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
  }
}

extension SocketAddress {
  /// Reads `10.0.0.1:80`, `[::1]:443`, `[fe80::1%eth0]:80` or `unix:/path`; nil for anything else,
  /// also for names, which a resolver must look up.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty, path.utf8.count <= Self.maximumPathLength, !path.utf8.contains(0) else {
        return nil
      }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":"),
      let port = Self.port(text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      self.init(literal: String(host.dropFirst().dropLast()), port: port)
      guard case .v6 = self else { return nil }
    } else {
      self.init(literal: String(host), port: port)
      guard case .v4 = self else { return nil }
    }
  }

  /// Reads an address without brackets or port: `10.0.0.1`, `::1`, `fe80::1%eth0`; nil for a name.
  package init?(literal host: String, port: UInt16) {
    var v4 = in_addr()
    if unsafe inet_pton(AF_INET, host, &v4) == 1 {
      self = .v4(address: UInt32(bigEndian: v4.s_addr), port: port)
      return
    }
    let parts = host.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = parts.first else { return nil }
    var scope: UInt32 = 0
    if parts.count == 2 {
      scope = unsafe if_nametoindex(String(parts[1]))
      guard scope != 0 else { return nil }
    }
    var v6 = in6_addr()
    guard unsafe inet_pton(AF_INET6, String(address), &v6) == 1 else { return nil }
    self = unsafe withUnsafeBytes(of: v6) { bytes in
      unsafe .v6(
        high: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        port: port, scope: scope)
    }
  }

  private static func port(_ text: Substring) -> UInt16? {
    guard let first = text.utf8.first, ASCII.isDigit(first) else { return nil }
    return UInt16(text)
  }

  /// The text that `init(_:)` reads.
  package var description: String {
    switch self {
    case .v4(_, let port): "\(hostText):\(port)"
    case .v6(_, _, let port, _): "[\(hostText)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// The address alone, without port or brackets; for a Unix socket `unix:` and the path.
  package var hostText: String { String(decoding: hostBytes, as: UTF8.self) }

  /// What `hostText` says, as bytes: for `Forwarded`, `X-Forwarded-For` and logs. IPv6 as RFC 5952
  /// writes it.
  package var hostBytes: [UInt8] {
    switch self {
    case .v4(let address, _):
      var bytes: [UInt8] = []
      bytes.reserveCapacity(15)
      for shift in stride(from: UInt32(24), through: 0, by: -8) {
        bytes.append(decimal: UInt64(address >> shift & 0xFF))
        if shift > 0 { bytes.append(0x2E) }
      }
      return bytes
    case .v6(let high, let low, _, let scope):
      return Self.text(high: high, low: low) + Self.suffix(scope: scope)
    case .unix(let path):
      return Array("unix:\(path)".utf8)
    }
  }

  private static func text(high: UInt64, low: UInt64) -> [UInt8] {
    var address = in6_addr()
    unsafe withUnsafeMutableBytes(of: &address) {
      unsafe $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      guard let start = buffer.baseAddress,
        unsafe inet_ntop(AF_INET6, &address, start, 64) != nil
      else { return [] }
      return unsafe Array(String(cString: start).utf8)
    }
  }

  private static func suffix(scope: UInt32) -> [UInt8] {
    scope == 0 ? [] : Array("%\(scope)".utf8)
  }
}
