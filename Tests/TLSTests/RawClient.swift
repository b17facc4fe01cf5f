import COpenSSL
import Testing

/// A client straight on OpenSSL with memory for wires, for what an honest client never does.
final class RawClient {
  private let context: OpaquePointer
  let session: OpaquePointer
  private let input: OpaquePointer
  private let output: OpaquePointer

  init() throws {
    context = try #require(SSL_CTX_new(TLS_client_method()))
    session = try #require(SSL_new(context))
    input = try #require(BIO_new(BIO_s_mem()))
    output = try #require(BIO_new(BIO_s_mem()))
    SSL_set_bio(session, input, output)
    SSL_set_connect_state(session)
  }

  deinit {
    SSL_free(session)
    SSL_CTX_free(context)
  }

  /// Takes what the server sent, does `work`, answers what is to be sent.
  func turn(_ arrived: [UInt8], _ work: (OpaquePointer) -> Void) -> [UInt8] {
    _ = BIO_write(input, arrived, Int32(arrived.count))
    work(session)
    var sent = [UInt8](repeating: 0, count: 1 << 20)
    let count = BIO_read(output, &sent, Int32(sent.count))
    return Array(sent.prefix(Int(max(count, 0))))
  }
}
