internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension HTTPField.Name {
  static let acceptSignature = HTTPField.Name("Accept-Signature")!
  static let contentDigest = HTTPField.Name("Content-Digest")!
  static let signature = HTTPField.Name("Signature")!
  static let signatureInput = HTTPField.Name("Signature-Input")!
}

/// Signs answers together with what they answer, where a request asks for it (RFC 9421 §5), with
/// the key of the published key set.
///
/// Knows as much of the RFC as a service needs that only answers such wishes: one wish in a field,
/// fields and derived components without parameters other than `req`.
struct MessageSigning<Context: RequestContext>: RouterMiddleware {
  /// For how many seconds a signature is good.
  private static var lifetime: Int64 { 30 }
  private static var bodyLimit: Int { 16 << 10 }

  let key: SigningKey

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let text = request.headers[.acceptSignature], let wish = SignatureWish(text) else {
      return try await next(request, context)
    }
    var request = request
    let content = try await request.collectBody(upTo: Self.bodyLimit)
    // What is signed as received must be what was received.
    if let claim = request.headers[.contentDigest], claim != Self.digest(of: content) {
      throw HTTPError(.badRequest, message: "the digest is not that of the content")
    }
    var response = try await next(request, context)
    let collector = ContentCollector()
    try await response.body.write(collector)
    response.body = .init(byteBuffer: collector.content)
    response.headers[.contentDigest] = Self.digest(of: collector.content)
    try sign(&response, to: request, as: wish)
    return response
  }

  private func sign(
    _ response: inout Response, to request: Request, as wish: SignatureWish
  ) throws {
    let created = Int64(Date().timeIntervalSince1970)
    var parameters = "(\(wish.components.map(\.text).joined(separator: " ")))"
    parameters += ";created=\(created);expires=\(created + Self.lifetime)"
    parameters += ";keyid=\"\(key.identifier)\";alg=\"ed25519\""
    if let nonce = wish.nonce { parameters += ";nonce=\"\(nonce)\"" }
    if let tag = wish.tag { parameters += ";tag=\"\(tag)\"" }
    var base = ""
    for component in wish.components {
      guard let value = component.value(in: response, to: request) else { return }
      base += "\(component.text): \(value)\n"
    }
    base += "\"@signature-params\": \(parameters)"
    let signature = Data(try key.sign(Array(base.utf8))).base64EncodedString()
    response.headers[.signatureInput] = "\(wish.label)=\(parameters)"
    response.headers[.signature] = "\(wish.label)=:\(signature):"
  }

  private static func digest(of content: ByteBuffer) -> String {
    "sha-256=:\(Digest.sha256(Array(content.readableBytesView)).base64EncodedString()):"
  }
}

/// What a request wants signed: `verdict=("@status" "@method";req);created;nonce="…";tag="…"`.
private struct SignatureWish {
  struct Component {
    let name: String
    let isOfRequest: Bool

    var text: String { "\"\(name)\"" + (isOfRequest ? ";req" : "") }

    /// Nil where there is no such thing in the messages.
    func value(in response: Response, to request: Request) -> String? {
      switch (name, isOfRequest) {
      case ("@status", false): String(response.status.code)
      case ("@method", true): request.method.rawValue
      case ("@authority", true): request.head.authority
      case ("@target-uri", true): request.head.authority.map { "http://\($0)\(request.uri)" }
      case ("@path", true): request.uri.path
      case ("@query", true): "?\(request.uri.query ?? "")"
      default:
        HTTPField.Name(name).flatMap { (isOfRequest ? request.headers : response.headers)[$0] }
      }
    }
  }

  let label: String
  private(set) var components: [Component] = []
  private(set) var nonce: String?
  private(set) var tag: String?

  init?(_ text: String) {
    guard let equals = text.firstIndex(of: "="), text[equals...].hasPrefix("=("),
      let end = text.firstIndex(of: ")")
    else { return nil }
    label = String(text[..<equals])
    for item in text[text.index(equals, offsetBy: 2)..<end].split(separator: " ") {
      let parts = item.split(separator: ";")
      guard let name = Self.unquoted(parts[0]), parts.count == 1 || parts[1...] == ["req"] else {
        return nil
      }
      components.append(Component(name: name, isOfRequest: parts.count > 1))
    }
    for parameter in text[end...].dropFirst().split(separator: ";") {
      let parts = parameter.split(separator: "=", maxSplits: 1)
      switch parts[0] {
      case "created", "expires": break
      case "nonce": nonce = parts.count > 1 ? Self.unquoted(parts[1]) : nil
      case "tag": tag = parts.count > 1 ? Self.unquoted(parts[1]) : nil
      default: return nil
      }
    }
  }

  /// What stands between quotes, where nothing in it is quoted again.
  private static func unquoted(_ text: Substring) -> String? {
    guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
    let inner = text.dropFirst().dropLast()
    return inner.contains { $0 == "\"" || $0 == "\\" } ? nil : String(inner)
  }
}

/// Takes an answer's content in.
private final class ContentCollector: ResponseBodyWriter {
  private(set) var content = ByteBuffer()

  func write(_ buffer: ByteBuffer) async throws { content.writeImmutableBuffer(buffer) }
  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
