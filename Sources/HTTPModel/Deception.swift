internal import Primitives

// What makes one cache take for harmless what another program takes for somebody's own: names that
// promise a type, paths that are read in two ways, requests made to fail.

/// Names at the end of a path that promise a static file, in small letters.
private let assetSuffixes: [StaticString] = [
  "css", "js", "mjs", "wasm", "png", "jpg", "jpeg", "gif", "webp", "avif", "ico", "bmp", "svg",
  "woff", "woff2", "ttf", "otf", "eot", "mp3", "mp4", "ogg", "wav", "webm", "pdf", "gz", "zip",
]

/// What is written for one visitor: pages and data.
private let writtenTypes: [StaticString] = [
  "text/html", "application/xhtml+xml", "application/json", "text/json", "application/xml",
  "text/xml", "application/x-www-form-urlencoded", "multipart/",
]

/// Whether a path ends in a name for a static file, and the response is a page or data: something
/// that somebody was lured to fetch under the name of an asset, so that a cache keeps it.
///
/// `path` is a request's, `type` the value of `Content-Type`. A response that states no type
/// contradicts nothing.
package func contradictsSuffix(path: ArraySlice<UInt8>, type: ArraySlice<UInt8>?) -> Bool {
  guard let type, let dot = path.lastIndex(of: 0x2E) else { return false }
  let suffix = path[(dot + 1)...]
  guard suffix.count <= 5, !suffix.isEmpty,
    assetSuffixes.contains(where: { suffix.equalsIgnoringASCIICase($0) })
  else { return false }
  let essence = type.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
  let isData = essence.suffix(5).equalsIgnoringASCIICase("+json")
  return isData
    || writtenTypes.contains { word in
      essence.prefix(word.utf8CodeUnitCount).equalsIgnoringASCIICase(word)
    }
}

/// Whether two programs may read a path in two ways: it holds an escaped delimiter or control
/// character, an escaped dot, or a dot segment (RFC 3986 §6.2.2). What is stored under such a path
/// may be found under another.
package func isAmbiguousPath(_ path: ArraySlice<UInt8>) -> Bool {
  var previous: UInt8 = 0
  for index in path.indices {
    let byte = path[index]
    switch byte {
    case 0x25: if hidesDelimiter(path, at: index) { return true }
    case 0x2E where previous == ASCII.slash:
      if isDotSegment(path[index...]) { return true }
    case ASCII.backslash: return true
    default: break
    }
    previous = byte
  }
  return false
}

/// Whether the percent sign at `index` escapes `/ \ ; ? # . %` or a control character, or is none.
private func hidesDelimiter(_ path: ArraySlice<UInt8>, at index: Int) -> Bool {
  let digits = path[(index + 1)...].prefix(2)
  guard digits.count == 2, let high = ASCII.hexadecimalValue(digits[index + 1]),
    let low = ASCII.hexadecimalValue(digits[index + 2])
  else { return true }
  switch high << 4 | low {
  case 0...0x1F, 0x7F, 0x23, 0x25, 0x2E, 0x2F, 0x3B, 0x3F, 0x5C: return true
  default: return false
  }
}

/// Whether the segment that begins these bytes is `.` or `..`.
private func isDotSegment(_ rest: ArraySlice<UInt8>) -> Bool {
  let segment = rest.prefix(3).prefix { $0 != ASCII.slash }
  return segment.count <= 2 && segment.allSatisfy { $0 == 0x2E }
}

extension FieldSection {
  /// Half of what common servers take before they answer with an error, in bytes.
  package static let ordinarySize = 4096

  /// Whether the fields of a request are longer than those of ordinary ones, or hold what few
  /// servers expect: the error that comes of it is nobody else's (cache-poisoned denial of
  /// service).
  package var isOdd: Bool {
    var count = 0
    for line in lines {
      count += line.nameRange.count + line.valueRange.count
      let isPlain = value(of: line).allSatisfy { $0 >= ASCII.space && $0 < 0x7F }
      if count > Self.ordinarySize || !isPlain { return true }
    }
    return false
  }
}
