package import CachePolicy
package import HTTPModel

/// A response that is being stored, as those see it who wait for it: a head that passed
/// `storageDecision`, and the content as it arrives.
package struct SharedResponse: Sendable {
  /// Head and metadata. Ask `reuseDecision` about them before answering another's request.
  package let storable: StorableResponse
  /// How long the content will be, where its framing announced it.
  package let length: Int?
  package let body: SharedBody

  /// Whether a request selects this response (RFC 9111 §4.1).
  package func isSelected(by request: RequestHead) -> Bool {
    storable.vary.matches(request.fields)
  }
}
