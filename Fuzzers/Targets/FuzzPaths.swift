import HTTPModel
import Primitives

/// The one reading of paths: what is said of a path holds together.
enum FuzzPaths {
  static func check(_ bytes: [UInt8]) -> String? {
    let path = bytes.prefix { $0 != ASCII.questionMark }
    let traits = PathTraits(of: path)
    let normal = NormalPath.of(path)
    if !traits.contains(.respelled), normal != path { return "a path in normal form has another" }
    if traits.contains(.respelled), normal == path { return "another spelling is the same" }
    let head = RequestHead(method: .get, target: bytes)
    if head.path != normal || head.spelledPath != path { return "a head reads it otherwise" }
    let resolved = NormalPath.resolved(normal)
    if resolved.first != ASCII.slash { return "what is resolved does not begin with a slash" }
    let left = PathTraits(of: resolved[...])
    if !left.isDisjoint(with: [.dotSegment, .emptySegment, .parameter]) {
      return "what is resolved can be resolved further"
    }
    _ = ForgivingPath.isForgiving(path)
    if ForgivingPath.of(path).first != ASCII.slash { return "a forgiving path begins elsewhere" }
    guard !traits.areRefused else { return nil }
    if NormalPath.of(normal) != normal { return "the normal form has another one" }
    if !traits.areAmbiguous, !PathTraits(of: normal).isEmpty {
      return "a path that is read alike has a normal form that is not"
    }
    return nil
  }
}
