internal import COpenSSL
internal import Primitives

/// Which of a listener's contexts answers for which name, and what its callbacks need.
///
/// OpenSSL's callbacks find it through the context's application data, unretained: a
/// `TLSServerContext` keeps it alive as long as any session exists, since sessions keep their
/// `TLSServerContext`.
@safe final class ServerNameTable {
  /// The contexts, owned. The first one answers when no other does.
  let contexts: [OpaquePointer]

  /// Indices into `contexts` by lower-case name; a wildcard's name is `*.` and the rest.
  private let indices: [[UInt8]: Int]

  let ticketKeys: TicketKeyRing

  /// Our protocols for ALPN in wire form: each with a length byte before it (RFC 7301 §3.1).
  let protocols: [UInt8]

  /// Takes `contexts` over.
  init(
    owning contexts: [OpaquePointer], names: [Set<[UInt8]>], ticketKeys: TicketKeyRing,
    protocols: [UInt8]
  ) {
    unsafe self.contexts = contexts
    self.ticketKeys = ticketKeys
    self.protocols = protocols
    var indices: [[UInt8]: Int] = [:]
    for (index, set) in names.enumerated() {
      for name in set where indices[name] == nil { indices[name] = index }
    }
    self.indices = indices
  }

  deinit {
    for index in unsafe contexts.indices { unsafe SSL_CTX_free(contexts[index]) }
  }

  /// The context for clients that ask for no name, or one that nobody has.
  var defaultContext: OpaquePointer? { unsafe contexts.first }

  /// The context whose certificate is for `name`: that name itself, else the wildcard in place of
  /// its first label (RFC 9525 §6.3).
  func context(for name: [UInt8]) -> OpaquePointer? {
    var name = name.asciiLowercased()
    if name.last == 0x2E { name.removeLast() }
    if let index = indices[name] { return unsafe contexts[index] }
    guard let dot = name.firstIndex(of: 0x2E), dot > 0 else { return nil }
    guard let index = indices[[0x2A] + name[dot...]] else { return nil }
    return unsafe contexts[index]
  }

  /// The table of the context that `session` belongs to.
  static func of(_ session: OpaquePointer?) -> ServerNameTable? {
    guard let session = unsafe session, let context = unsafe SSL_get_SSL_CTX(session),
      let data = unsafe shim_SSL_CTX_get_app_data(context)
    else { return nil }
    return unsafe Unmanaged<ServerNameTable>.fromOpaque(data).takeUnretainedValue()
  }
}
