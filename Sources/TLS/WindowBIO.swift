internal import COpenSSL

/// The BIO through which OpenSSL reads and writes a `TLSWindow`.
///
/// Its data pointer is the window's state. Reading takes from the window's input and asks for a
/// retry when there is none; writing appends to the window's output and never asks for one. Half of
/// the cost and memory of OpenSSL's memory BIOs goes into buffers of their own, which a loop has
/// already.
enum WindowBIO {
  // Safety: made once, before its first use, and only read after that.
  private nonisolated(unsafe) static let method: OpaquePointer? = unsafe makeMethod()

  /// A BIO over `state`, owned by the caller; nil when memory is short.
  ///
  /// `state` must outlive the BIO.
  static func make(over state: UnsafeMutablePointer<TLSWindow.State>) -> OpaquePointer? {
    guard let bio = unsafe BIO_new(method) else { return nil }
    unsafe BIO_set_data(bio, state)
    unsafe BIO_set_init(bio, 1)
    return unsafe bio
  }

  private static func makeMethod() -> OpaquePointer? {
    let type = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
    guard let method = unsafe BIO_meth_new(type, "loop window") else { return nil }
    unsafe BIO_meth_set_read_ex(method) { bio, target, count, copied in
      unsafe WindowBIO.read(bio, target, count, copied)
    }
    unsafe BIO_meth_set_write_ex(method) { bio, source, count, copied in
      unsafe WindowBIO.write(bio, source, count, copied)
    }
    unsafe BIO_meth_set_ctrl(method) { bio, command, _, _ in unsafe WindowBIO.control(bio, command)
    }
    return unsafe method
  }

  private static func state(of bio: OpaquePointer?) -> UnsafeMutablePointer<TLSWindow.State>? {
    unsafe BIO_get_data(bio)?.assumingMemoryBound(to: TLSWindow.State.self)
  }

  private static func read(
    _ bio: OpaquePointer?, _ target: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ copied: UnsafeMutablePointer<Int>?
  ) -> Int32 {
    unsafe shim_BIO_clear_retry_flags(bio)
    guard let state = unsafe state(of: bio), let target = unsafe target else { return 0 }
    let taken = unsafe state.pointee.read(into: target, count: count)
    unsafe copied?.pointee = taken
    if taken > 0 { return 1 }
    if unsafe !state.pointee.inputEnded { unsafe shim_BIO_set_retry_read(bio) }
    return 0
  }

  private static func write(
    _ bio: OpaquePointer?, _ source: UnsafePointer<CChar>?, _ count: Int,
    _ copied: UnsafeMutablePointer<Int>?
  ) -> Int32 {
    unsafe shim_BIO_clear_retry_flags(bio)
    guard let state = unsafe state(of: bio), let source = unsafe source else { return 0 }
    unsafe state.pointee.write(source, count: count)
    unsafe copied?.pointee = count
    return 1
  }

  /// Answers what OpenSSL asks of a BIO: flushing succeeds, the end is where input ended.
  private static func control(_ bio: OpaquePointer?, _ command: Int32) -> Int {
    switch command {
    case BIO_CTRL_FLUSH:
      return 1
    case BIO_CTRL_EOF:
      guard let state = unsafe state(of: bio) else { return 1 }
      return unsafe state.pointee.inputEnded && state.pointee.inputCount == 0 ? 1 : 0
    default:
      return 0
    }
  }
}
