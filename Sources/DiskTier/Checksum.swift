internal import CacheStore

/// 64 bits over bytes on the disk: SipHash with a fixed key. Against what a disk does by accident;
/// who may write into the directory is another matter (`DiskTierError.notPrivate`).
enum Checksum {
  private static let seed = HashSeed(low: 0x636F_756E_7465_7273, high: 0x6967_6E2D_6469_736B)

  static func of(_ bytes: Span<UInt8>) -> UInt64 { ByteHash.hash(bytes, seed: seed) }

  static func of(_ first: Span<UInt8>, _ second: Span<UInt8>) -> UInt64 {
    ByteHash.hash(first, second, seed: seed)
  }

  static func ofHead(_ bytes: Span<UInt8>, in segment: SegmentIdentity, at position: Int)
    -> UInt64
  {
    var place: [UInt8] = []
    place.append(segment.number, 8)
    place.append(segment.salt, 8)
    place.append(UInt64(position), 8)
    return ByteHash.hash(place.span, bytes, seed: seed)
  }
}
