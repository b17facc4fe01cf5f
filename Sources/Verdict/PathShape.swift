internal import Primitives

/// What a path in its normal form looks like. Towards *decision* names match in any case; towards
/// *harmless* a path must be plain in every respect, since caches and services read odd ones
/// differently.
struct PathShape {
  private let path: ArraySlice<UInt8>

  init(_ path: ArraySlice<UInt8>) { self.path = path }

  /// Whether the path ends so, in any case. The suffix is written in small letters.
  func ends(with suffix: StaticString) -> Bool {
    let count = suffix.utf8CodeUnitCount
    guard count > 0, path.count >= count else { return false }
    // Most paths differ from most endings in the last byte already.
    let last = unsafe suffix.utf8Start[count - 1]
    guard ASCII.lowercased(path[path.endIndex - 1]) == last else { return false }
    return path.suffix(count).equalsIgnoringASCIICase(suffix)
  }

  /// Whether one of the endings fits, a trailing slash left aside.
  func endsWithOne(of suffixes: [StaticString]) -> Bool {
    let shape = path.last == ASCII.slash ? PathShape(path.dropLast()) : self
    for suffix in suffixes where shape.ends(with: suffix) { return true }
    return false
  }

  /// Whether the path has this run of whole segments, `/v1/data` in `/opa/v1/data/app`.
  func containsSegments(_ segments: StaticString) -> Bool {
    let count = segments.utf8CodeUnitCount
    guard path.count >= count else { return false }
    for start in path.startIndex...(path.endIndex - count)
    where path[start] == ASCII.slash
      && path[start..<start + count].equalsIgnoringASCIICase(segments)
    {
      let end = start + count
      if end == path.endIndex || path[end] == ASCII.slash { return true }
    }
    return false
  }

  func starts(with prefix: StaticString) -> Bool {
    let count = prefix.utf8CodeUnitCount
    return path.count >= count && path.prefix(count).equals(prefix)
  }

  /// Whether the path, which is not ambiguous, is plain besides: no escape, no byte that a URI
  /// escapes, no hidden segment.
  var isPlain: Bool {
    guard path.first == ASCII.slash else { return false }
    var previous: UInt8 = 0
    for (index, byte) in zip(path.indices, path) {
      switch byte {
      case 0x25, 0...0x20, 0x7F...: return false
      case 0x2E: if previous == ASCII.slash, !isWellKnownSegment(at: index) { return false }
      default: break
      }
      previous = byte
    }
    return true
  }

  // `.well-known` (RFC 8615) is the one segment that may begin with a dot.
  private func isWellKnownSegment(at index: Int) -> Bool {
    path[index...].prefix(12).equals(".well-known/")
  }

  /// The bytes after the last `.` of the last segment.
  var fileExtension: ArraySlice<UInt8>? {
    guard let slash = path.lastIndex(of: ASCII.slash),
      let dot = path[slash...].lastIndex(of: 0x2E), dot > slash + 1
    else { return nil }
    return path[(dot + 1)...]
  }
}
