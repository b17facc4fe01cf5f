/// The part of a stream that only TLS needs.
final class TLSLayer {
  var saysGoodbye = false
  var unsentCount: Int { 0 }
}

extension ByteStream {
  func decipher(_ layer: TLSLayer, _ bytes: UnsafeRawBufferPointer, ended: Bool) {}
  func readWaiting() { flags.remove(.inputWaits) }
  func continueHandshake() {}
  func encipher(_ layer: TLSLayer, _ bytes: UnsafeRawBufferPointer) -> Int { 0 }
  func encipher(_ layer: TLSLayer, _ pieces: [UnsafeRawBufferPointer]) -> Int { 0 }
  func sendWindow(_ layer: TLSLayer) {}
  func sendUnsent(_ layer: TLSLayer) {}
}
