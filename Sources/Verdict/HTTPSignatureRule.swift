/// Mode `http-signature`: the response is signed together with parts of its request (RFC 9421).
package struct HTTPSignatureRule: Hashable, Sendable {
  /// The name of the key set.
  package let keys: String

  package init(keys: String) { self.keys = keys }
}
