internal import Primitives

/// An IPv4 or IPv6 address as a number. An IPv4-mapped IPv6 address counts as the IPv4 address.
package struct IPAddress: Hashable, Sendable {
  /// 4 or 6.
  package let version: UInt8
  /// The upper half of an IPv6 address; 0 for IPv4.
  package let high: UInt64
  /// The lower half of an IPv6 address, or the 32 bits of an IPv4 address.
  package let low: UInt64

  package init(v4 bits: UInt32) {
    self.init(version: 4, high: 0, low: UInt64(bits))
  }

  package init(v6High: UInt64, low v6Low: UInt64) {
    if v6High == 0, v6Low >> 32 == 0xFFFF {
      self.init(v4: UInt32(truncatingIfNeeded: v6Low))
    } else {
      self.init(version: 6, high: v6High, low: v6Low)
    }
  }

  private init(version: UInt8, high: UInt64, low: UInt64) {
    self.version = version
    self.high = high
    self.low = low
  }

  /// The address in network order: 4 bytes or 16. Nil for any other count.
  package init?(bytes: some Collection<UInt8>) {
    var high: UInt64 = 0
    var low: UInt64 = 0
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    for byte in bytes {
      high = high << 8 | low >> 56
      low = low << 8 | UInt64(byte)
    }
    if bytes.count == 4 {
      self.init(v4: UInt32(truncatingIfNeeded: low))
    } else {
      self.init(v6High: high, low: low)
    }
  }

  /// The address a literal spells (RFC 3986 §3.2.2 without brackets or zone), or nil.
  package init?(text: some Collection<UInt8>) {
    if let bits = Self.v4Bits(text) {
      self.init(v4: bits)
    } else if let groups = Self.v6Groups(Array(text)) {
      let high = groups[..<4].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
      let low = groups[4...].reduce(0 as UInt64) { $0 << 16 | UInt64($1) }
      self.init(v6High: high, low: low)
    } else {
      return nil
    }
  }

  /// Four decimal octets without leading zeros.
  private static func v4Bits(_ text: some Collection<UInt8>) -> UInt32? {
    let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard part.count <= 3, let octet = part.decimalValue(), octet < 256,
        part.count == 1 || part.first != ASCII.zero
      else { return nil }
      bits = bits << 8 | UInt32(octet)
    }
    return bits
  }

  /// Eight groups; `::` stands for one run of zeros; the last two may be written as IPv4.
  private static func v6Groups(_ text: [UInt8]) -> [UInt16]? {
    guard text.contains(ASCII.colon), text.count <= 45 else { return nil }
    var gap: Int?
    for index in text.indices.dropLast()
    where text[index] == ASCII.colon && text[index + 1] == ASCII.colon {
      guard gap == nil else { return nil }
      gap = index
    }
    guard let gap else {
      guard let groups = plainGroups(text[...]), groups.count == 8 else { return nil }
      return groups
    }
    guard let front = plainGroups(text[..<gap]), let back = plainGroups(text[(gap + 2)...]),
      front.count + back.count <= 7
    else { return nil }
    return front + Array(repeating: 0, count: 8 - front.count - back.count) + back
  }

  private static func plainGroups(_ text: ArraySlice<UInt8>) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    var groups: [UInt16] = []
    let parts = text.split(separator: ASCII.colon, omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if index == parts.count - 1, let bits = v4Bits(part) {
        groups.append(UInt16(truncatingIfNeeded: bits >> 16))
        groups.append(UInt16(truncatingIfNeeded: bits))
        continue
      }
      guard (1...4).contains(part.count) else { return nil }
      var group: UInt16 = 0
      for digit in part {
        guard let value = ASCII.hexadecimalValue(digit) else { return nil }
        group = group << 4 | UInt16(value)
      }
      groups.append(group)
    }
    return groups
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address as a person writes it (RFC 5952 §4 for IPv6).
  package var description: String {
    guard version == 6 else {
      return [24, 16, 8, 0].map { String(low >> UInt64($0) & 0xFF) }.joined(separator: ".")
    }
    let groups = [high, low].flatMap { half in
      [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
    }
    var best = 0..<0
    var index = 0
    while index < groups.count {
      var end = index
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - index > max(best.count, 1) { best = index..<end }
      index = max(end, index + 1)
    }
    func joined(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !best.isEmpty else { return joined(groups[...]) }
    return joined(groups[..<best.lowerBound]) + "::" + joined(groups[best.upperBound...])
  }
}

/// A block of addresses, `10.0.0.0/8` or `fd00::/8` (RFC 4632 §3.1).
package struct AddressBlock: Hashable, Sendable {
  package let base: IPAddress
  /// 0...32 for IPv4, 0...128 for IPv6.
  package let prefixLength: UInt8

  package init(base: IPAddress, prefixLength: UInt8) {
    self.base = base
    self.prefixLength = prefixLength
  }

  /// The block a text spells; an address alone is a block of one. Nil when it is neither, when the
  /// length is out of range, or when bits after the prefix are set.
  package init?(text: some Collection<UInt8>) {
    let parts = text.split(separator: ASCII.slash, omittingEmptySubsequences: false)
    guard parts.count <= 2, let address = parts.first, let base = IPAddress(text: address) else {
      return nil
    }
    let whole: Int64 = base.version == 4 ? 32 : 128
    guard parts.count == 2 else {
      self.init(base: base, prefixLength: UInt8(whole))
      return
    }
    guard let length = parts[1].decimalValue(), length <= whole else { return nil }
    self.init(base: base, prefixLength: UInt8(length))
    guard Self.masked(base, UInt8(length)) == base else { return nil }
  }

  /// Whether the address lies in the block. Addresses of the other version never do.
  package func contains(_ address: IPAddress) -> Bool {
    address.version == base.version && Self.masked(address, prefixLength) == base
  }

  private static func masked(_ address: IPAddress, _ length: UInt8) -> IPAddress {
    let bits = UInt64(length)
    if address.version == 4 {
      return IPAddress(v4: UInt32(truncatingIfNeeded: address.low) & (UInt32.max << (32 - bits)))
    }
    let high = bits >= 64 ? address.high : address.high & (UInt64.max << (64 - bits))
    let low = bits <= 64 ? 0 : address.low & (UInt64.max << (128 - bits))
    return IPAddress(v6High: high, low: low)
  }
}

extension AddressBlock: CustomStringConvertible {
  package var description: String {
    prefixLength == (base.version == 4 ? 32 : 128) ? "\(base)" : "\(base)/\(prefixLength)"
  }
}

/// Where a listener listens: an address and a port, or the path of a Unix socket.
package enum ListenAddress: Hashable, Sendable {
  case ip(IPAddress, port: UInt16)
  case unix(path: String)
}

extension ListenAddress: CustomStringConvertible {
  /// `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/x.sock`.
  package var description: String {
    switch self {
    case .ip(let address, let port):
      address.version == 6 ? "[\(address)]:\(port)" : "\(address):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
