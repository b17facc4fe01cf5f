internal import CachePolicy
internal import CacheStore
internal import Primitives

/// A purge as the tier remembers it: for records written before it.
struct NotedPurge: Sendable {
  let sequence: UInt64
  let selector: PurgeSelector
  let kind: PurgeKind
  let partition: UInt32?
  let time: WallTime

  /// Whether a later purge does all that this one does: it need not be remembered beside it.
  func isCovered(by later: NotedPurge) -> Bool {
    guard sequence < later.sequence else { return false }
    return later.isTotal
      || selector == later.selector && kind == later.kind && partition == later.partition
  }

  /// Whether it leaves nothing of what came before it.
  private var isTotal: Bool { selector == .everything && kind == .hard && partition == nil }

  /// What it leaves of a response; nil when it removes it.
  func applied(to response: StoredResponse) -> StoredResponse? {
    response.after(selector, kind, partition: partition, now: time)
  }
}

/// Purges as bytes.
///
///     soft │ has partition │ partition │ time │ selector │ …
///     1      1               4           8      1
///
///     selector   0 everything   1 target: key   2 host: host
///                3 prefix: scheme (2: either) │ authority length (4) │ authority │ path
///                4 label: kind │ has origin │ name length (4) │ name │ origin's key
enum PurgeCoding {
  static func encode(_ purge: NotedPurge) -> [UInt8] {
    var bytes: [UInt8] = [purge.kind == .soft ? 1 : 0, purge.partition == nil ? 0 : 1]
    bytes.append(UInt64(purge.partition ?? 0), 4)
    bytes.append(UInt64(bitPattern: purge.time.milliseconds), 8)
    switch purge.selector {
    case .everything: bytes.append(0)
    case .target(let key): bytes += [1] + key
    case .host(let host): bytes += [2] + host
    case .prefix(let scheme, let authority, let path):
      bytes += [3, scheme?.rawValue ?? 2]
      bytes.append(UInt64(authority.count), 4)
      bytes += authority + path
    case .label(let label, let origin):
      bytes += [4, label.kind.rawValue, origin == nil ? 0 : 1]
      bytes.append(UInt64(label.name.count), 4)
      bytes += label.name + (origin ?? [])
    }
    return bytes
  }

  /// Nil where the bytes are no purge: then nobody knows what it was about.
  static func decode(_ bytes: [UInt8], sequence: UInt64) -> NotedPurge? {
    guard bytes.count >= 15, bytes[0] < 2, bytes[1] < 2,
      let selector = selector(bytes[14], Array(bytes[15...]))
    else { return nil }
    return NotedPurge(
      sequence: sequence, selector: selector, kind: bytes[0] == 1 ? .soft : .hard,
      partition: bytes[1] == 1 ? UInt32(truncatingIfNeeded: bytes.number(at: 2, 4)) : nil,
      time: WallTime(milliseconds: Int64(bitPattern: bytes.number(at: 6, 8))))
  }

  private static func selector(_ kind: UInt8, _ rest: [UInt8]) -> PurgeSelector? {
    switch kind {
    case 0: return rest.isEmpty ? .everything : nil
    case 1: return .target(key: rest)
    case 2: return .host(rest)
    case 3:
      guard rest.count >= 5 else { return nil }
      let count = Int(rest.number(at: 1, 4))
      guard count <= rest.count - 5, rest[0] <= 2 else { return nil }
      return .prefix(
        scheme: Scheme(rawValue: rest[0]), authority: Array(rest[5..<5 + count]),
        path: Array(rest[(5 + count)...]))
    case 4:
      guard rest.count >= 6, let kind = CacheLabel.Kind(rawValue: rest[0]), rest[1] < 2 else {
        return nil
      }
      let count = Int(rest.number(at: 2, 4))
      guard count <= rest.count - 6 else { return nil }
      return .label(
        CacheLabel(kind: kind, name: Array(rest[6..<6 + count])),
        originOf: rest[1] == 1 ? Array(rest[(6 + count)...]) : nil)
    default: return nil
    }
  }
}
