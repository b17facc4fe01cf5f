internal import COpenSSL

/// Random bytes fit for secrets, from OpenSSL's generator.
///
/// - Throws: `CryptographyError` when the generator has no entropy. There is no fallback.
package func randomBytes(_ count: Int) throws(CryptographyError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: max(count, 0))
  let filled = unsafe bytes.withUnsafeMutableBytes { unsafe fillWithRandomBytes($0) }
  guard filled else { throw CryptographyError(.random, cause: .take()) }
  return bytes
}

/// Fills `buffer`; false when the generator failed, with the reason in the error queue.
func fillWithRandomBytes(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
  OpenSSLErrors.clear()
  guard unsafe !buffer.isEmpty else { return true }
  guard let count = Int32(exactly: buffer.count) else { return false }
  return unsafe RAND_bytes(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), count) == 1
}
