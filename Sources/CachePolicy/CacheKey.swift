package import HTTPModel
internal import Primitives

/// The scheme of a target URI.
package enum Scheme: UInt8, Hashable, Sendable {
  case http, https
}

/// The primary cache key (RFC 9111 §2, §4) as bytes: injective, because every part is
/// length-prefixed.
///
///     version │ partition │ method class │ scheme │ authority length │ target length
///     1         4           1              1        4                  4
///     authority │ target │ extras
///     n           n        the rest, nearly always none
///
/// All before the extras is the *base*: what invalidating a URI concerns, whatever extras there
/// are. Extras are what an operator's rules add (`KeyRules.Part`) and the rule by which the query
/// was normalised (`NoVarySearch`):
///
///     kind │ name length │ name │ presence │ value length │ value
///     1      2             n      1          4              n
///
/// The method class is 0: GET, HEAD (which has the key of GET) and POST (whose stored response
/// answers GET). The authority is lowercase and without the scheme's default port. The target is
/// the path in its normal form (`NormalPath`), which is the one that routes and classes are told
/// by, and the query byte for byte as it came, unless rules say otherwise.
package enum CacheKey {
  private static let version: UInt8 = 2
  /// The bytes before the authority.
  private static let fixedCount = 15

  /// Replaces the content of `key` by the key of a request, keeping its memory. HEAD has the key of
  /// GET. What an absolute-form target and `Host` say is the same in `request.authority` and
  /// `request.path`.
  ///
  /// - `partition` keeps apart what the configuration keeps apart (services, routes).
  package static func write(
    for request: RequestHead, scheme: Scheme, partition: UInt32 = 0, into key: inout [UInt8]
  ) {
    let pathCount = request.path.count
    let targetCount = pathCount + (request.query.map { $0.count + 1 } ?? 0)
    let start = writePrefix(
      request.authority, scheme: scheme, partition: partition, targetCount: targetCount, into: &key)
    copy(request.path, to: start, of: &key)
    guard let query = request.query else { return }
    key[start + pathCount] = ASCII.questionMark
    copy(query, to: start + pathCount + 1, of: &key)
  }

  /// Replaces the content of `key` by the base that a GET for this target has.
  package static func write(
    target: ArraySlice<UInt8>, authority: [UInt8], scheme: Scheme, partition: UInt32 = 0,
    into key: inout [UInt8]
  ) {
    let start = writePrefix(
      authority, scheme: scheme, partition: partition, targetCount: target.count, into: &key)
    copy(target, to: start, of: &key)
  }

  /// Makes `key` as long as its base will be and writes all but the target; returns where that
  /// begins.
  private static func writePrefix(
    _ authority: [UInt8], scheme: Scheme, partition: UInt32, targetCount: Int,
    into key: inout [UInt8]
  ) -> Int {
    let count = countWithoutDefaultPort(authority, scheme: scheme)
    key.removeAll(keepingCapacity: true)
    key.append(contentsOf: repeatElement(0, count: fixedCount + count + targetCount))
    key[0] = version
    write(partition, at: 1, of: &key)
    key[6] = scheme.rawValue
    write(UInt32(truncatingIfNeeded: count), at: 7, of: &key)
    write(UInt32(truncatingIfNeeded: targetCount), at: 11, of: &key)
    for index in 0..<count { key[fixedCount + index] = ASCII.lowercased(authority[index]) }
    return fixedCount + count
  }

  /// The authority as the key has it: in small letters, without the scheme's default port.
  package static func authority(of request: RequestHead, scheme: Scheme) -> [UInt8] {
    let authority = request.authority
    let count = countWithoutDefaultPort(authority, scheme: scheme)
    let isSpelledSo =
      count == authority.count && !authority.contains { ASCII.lowercased($0) != $0 }
    return isSpelledSo ? authority : authority[..<count].map(ASCII.lowercased)
  }

  private static func write(_ number: UInt32, at position: Int, of key: inout [UInt8]) {
    for index in 0..<4 {
      key[position + index] = UInt8(truncatingIfNeeded: number >> UInt32(index * 8))
    }
  }

  /// Copies bytes into a key that has been made long enough.
  private static func copy(_ bytes: ArraySlice<UInt8>, to start: Int, of key: inout [UInt8]) {
    guard key.count - start >= bytes.count else { return }
    unsafe key.withUnsafeMutableBytes { memory in
      // In range by the guard.
      unsafe bytes.withUnsafeBytes {
        unsafe memory[start..<start + $0.count].copyBytes(from: $0)
      }
    }
  }

  /// How much of the authority is left without `:`, `:80` for http or `:443` for https at its end.
  static func countWithoutDefaultPort(_ authority: [UInt8], scheme: Scheme) -> Int {
    var colon = authority.count
    while colon > 0, ASCII.isDigit(authority[colon - 1]) { colon -= 1 }
    guard colon > 0, authority[colon - 1] == ASCII.colon else { return authority.count }
    let port = authority[colon...]
    let isDefault = port.isEmpty || (scheme == .http ? port.equals("80") : port.equals("443"))
    return isDefault ? colon - 1 : authority.count
  }
}

// MARK: Reading a key

extension CacheKey {
  /// Where the parts of a key are. For invalidation, purges and reports; a lookup compares whole
  /// keys.
  package struct Layout: Sendable, Hashable {
    /// Where the partition ends and what is common to all partitions begins.
    package static let partitionEnd = 5

    package let partition: UInt32
    package let scheme: Scheme
    package let authority: Range<Int>
    /// Path and query.
    package let target: Range<Int>
    /// The part of the key that invalidation compares.
    package var base: Range<Int> { 0..<target.upperBound }

    /// Nil where the bytes are no key of this version.
    package init?(of key: Span<UInt8>) {
      guard key.count >= CacheKey.fixedCount, key[0] == CacheKey.version,
        let scheme = Scheme(rawValue: key[6])
      else { return nil }
      let authorityEnd = CacheKey.fixedCount + Int(CacheKey.number(key, at: 7))
      let targetEnd = authorityEnd + Int(CacheKey.number(key, at: 11))
      guard targetEnd <= key.count else { return nil }
      partition = CacheKey.number(key, at: 1)
      self.scheme = scheme
      authority = CacheKey.fixedCount..<authorityEnd
      target = authorityEnd..<targetEnd
    }
  }

  /// The key without its extras: what every key of one target has in common. All of what is no key.
  package static func base(of key: Span<UInt8>) -> Range<Int> {
    Layout(of: key)?.base ?? 0..<key.count
  }

  /// Whether both keys are of one origin: scheme, host and port (RFC 6454), whatever the partition.
  package static func haveSameOrigin(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard let left = Layout(of: one), let right = Layout(of: other),
      left.scheme == right.scheme, left.authority.count == right.authority.count
    else { return false }
    for index in left.authority where one[index] != other[index] { return false }
    return true
  }

  private static func number(_ key: Span<UInt8>, at position: Int) -> UInt32 {
    var number: UInt32 = 0
    for index in (0..<4).reversed() { number = number << 8 | UInt32(key[position + index]) }
    return number
  }
}
