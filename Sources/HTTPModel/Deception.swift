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
  return isWritten(type)
}

private func isWritten(_ type: ArraySlice<UInt8>) -> Bool {
  let essence = type.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
  let isData = essence.suffix(5).equalsIgnoringASCIICase("+json")
  return isData
    || writtenTypes.contains { word in
      essence.prefix(word.utf8CodeUnitCount).equalsIgnoringASCIICase(word)
    }
}

/// Names at the root of a site that stand for one static file, in small letters; caches store them
/// without looking.
private let staticNames: [StaticString] = [
  "/robots.txt", "/favicon.ico", "/sitemap.xml", "/humans.txt", "/ads.txt", "/security.txt",
  "/crossdomain.xml", "/browserconfig.xml", "/apple-touch-icon.png", "/manifest.json",
  "/.well-known/security.txt",
]

/// Folders below which caches expect static files, in small letters.
private let staticFolders: [StaticString] = [
  "/static/", "/assets/", "/public/", "/css/", "/js/", "/img/", "/images/", "/fonts/", "/media/",
]

/// Endings of files that are pages or data themselves, in small letters.
private let writtenSuffixes: [StaticString] = [
  "html", "htm", "xhtml", "json", "xml", "map", "webmanifest", "txt",
]

/// Whether a name that stands for static content was answered with a page or data for somebody: the
/// request says who asks, or the response gives a session (PTH-05).
package func contradictsStaticName(of request: RequestHead, response: ResponseHead) -> Bool {
  guard response.status.isSuccessful, isPersonal(request, response),
    let type = response.fields.first(.contentType), isWritten(type)
  else { return false }
  let path = request.path
  let name = staticNames.first { path.equalsIgnoringASCIICase($0) }
  if name != nil { return !fitsItsSuffix(path, type) }
  let isBelowFolder = staticFolders.contains { folder in
    path.count > folder.utf8CodeUnitCount
      && path.prefix(folder.utf8CodeUnitCount).equalsIgnoringASCIICase(folder)
  }
  return isBelowFolder && !hasWrittenSuffix(path)
}

private func isPersonal(_ request: RequestHead, _ response: ResponseHead) -> Bool {
  request.fields.contains(.authorization) || request.fields.contains(.cookie)
    || response.fields.contains(.setCookie)
}

/// Whether `/manifest.json` is JSON and `/sitemap.xml` XML.
private func fitsItsSuffix(_ path: ArraySlice<UInt8>, _ type: ArraySlice<UInt8>) -> Bool {
  let essence = type.prefix { $0 != ASCII.semicolon }.trimmingOptionalWhitespace()
  let suffix = path.suffix(4)
  if suffix.equalsIgnoringASCIICase("json") {
    return essence.suffix(4).equalsIgnoringASCIICase("json")
  }
  return suffix.equalsIgnoringASCIICase(".xml") && essence.suffix(3).equalsIgnoringASCIICase("xml")
    && !essence.suffix(9).equalsIgnoringASCIICase("xhtml+xml")
}

private func hasWrittenSuffix(_ path: ArraySlice<UInt8>) -> Bool {
  guard let dot = path.lastIndex(of: 0x2E), dot > path.lastIndex(of: ASCII.slash) ?? -1 else {
    return false
  }
  let suffix = path[(dot + 1)...]
  return writtenSuffixes.contains { suffix.equalsIgnoringASCIICase($0) }
}

/// Fields of a request that a response was made from as far as it says itself, although its `Vary`
/// does not name them.
package enum ForgottenVary {
  /// Whether the response allows its reading to just the site that asked (KEY-11).
  package static func originIsReflected(by response: FieldSection, request: FieldSection) -> Bool {
    guard let origin = request.only(.origin),
      let allowed = value(of: "Access-Control-Allow-Origin", in: response)
    else { return false }
    return allowed == origin && !varies(response, by: "Origin")
  }

  /// Whether the response is in a coding that the request asked for (KEY-09).
  package static func codingIsNegotiated(by response: FieldSection, request: FieldSection) -> Bool {
    guard let coding = response.first(.contentEncoding), !coding.isEmpty,
      !coding.equalsIgnoringASCIICase("identity"), request.contains(.acceptEncoding)
    else { return false }
    return !varies(response, by: "Accept-Encoding")
  }

  /// Their names in small letters: what is stored is kept apart by them. Nearly always none.
  package static func names(for response: FieldSection, request: FieldSection) -> [[UInt8]] {
    var names: [[UInt8]] = []
    if codingIsNegotiated(by: response, request: request) {
      names.append([UInt8](ascii: "accept-encoding"))
    }
    if originIsReflected(by: response, request: request) { names.append([UInt8](ascii: "origin")) }
    return names
  }

  private static func value(of name: StaticString, in fields: FieldSection) -> ArraySlice<UInt8>? {
    for line in fields.lines where line.known == nil {
      if fields.name(of: line).equalsIgnoringASCIICase(name) { return fields.value(of: line) }
    }
    return nil
  }

  private static func varies(_ response: FieldSection, by name: StaticString) -> Bool {
    guard response.contains(.vary) else { return false }
    return response.listMembers(of: .vary).contains {
      $0.equals("*") || $0.equalsIgnoringASCIICase(name)
    }
  }
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
