internal import HTTPModel
internal import Primitives

/// What `Content-Type` says a body is, as far as classification asks.
///
/// Only a label: services write verdicts under any of them, so it never says alone that there is
/// none.
enum ContentLabel: Hashable {
  case json
  /// HTML.
  case page
  case script
  /// Style sheets, images, fonts, sound, film, WebAssembly: what nobody reads a verdict from.
  case asset
  /// No type, `text/plain` or bytes of any kind: what a service says that gave it no thought.
  case unspecific
  case other

  init(of fields: FieldSection) {
    guard let type = MediaType.essence(of: fields), !type.isEmpty else {
      self = .unspecific
      return
    }
    func isOne(of names: [StaticString]) -> Bool {
      names.contains { type.equalsIgnoringASCIICase($0) }
    }
    if MediaType.isJSON(fields) {
      self = .json
    } else if isOne(of: ["text/html", "application/xhtml+xml"]) {
      self = .page
    } else if isOne(of: Self.scripts) {
      self = .script
    } else if isOne(of: ["text/css", "application/wasm"])
      || Self.assetKinds.contains(where: {
        type.prefix($0.utf8CodeUnitCount).equalsIgnoringASCIICase($0)
      })
    {
      self = .asset
    } else if isOne(of: ["text/plain", "application/octet-stream", "binary/octet-stream"]) {
      self = .unspecific
    } else {
      self = .other
    }
  }

  private static let scripts: [StaticString] = [
    "text/javascript", "application/javascript", "application/x-javascript", "text/ecmascript",
    "application/ecmascript",
  ]

  private static let assetKinds: [StaticString] = ["image/", "font/", "audio/", "video/"]

  /// Whether content of this kind that is no JSON is what its label says. Elsewhere what looks like
  /// JSON and cannot be read counts as a verdict that cannot be read.
  var isOftenNoJSON: Bool { self == .script || self == .asset }
}
