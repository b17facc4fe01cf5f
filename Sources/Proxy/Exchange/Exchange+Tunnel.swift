internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// After 101: bytes pass as they are, both ways (RFC 9110 §7.8).
extension Exchange {
  func originUpgraded(_ head: ResponseHead) {
    var head = head
    let protocols = head.fields.first(.upgrade).map { Array($0) }
    guard let protocols, (try? removeHopByHopFields(from: &head.fields)) != nil else {
      return fail(.originUpgraded)
    }
    head.fields.set(.upgrade, protocols)
    head.fields.set(.connection, "upgrade")
    record.status = head.status
    record.outcome = .tunnelled
    client?.becomeTunnel(head)
  }

  func tunnel(fromClient bytes: UnsafeRawBufferPointer) {
    unsafe origin?.send(bytes)
  }

  func tunnel(fromOrigin bytes: UnsafeRawBufferPointer) {
    record.bytesSent += Int64(bytes.count)
    guard let client else { return }
    unsafe client.write(bytes)
    if client.stream.isSaturated { origin?.pause() }
  }

  func tunnelEndedByClient() {
    detachOrigin(.upgraded)
    end()
    client?.endTunnel()
  }

  func tunnelEndedByOrigin() {
    detachOrigin(.upgraded)
    end()
    client?.endTunnel()
  }
}
