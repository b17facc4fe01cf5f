internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Transport

// Changing protocols: who asks for it and whether the answer fits (RFC 9110 §7.8). After 101 bytes
// pass as they are, both ways.
extension Exchange {
  /// Whether the request asks for a protocol that this exchange may change to.
  var asksUpgrade: Bool {
    guard !allowedUpgrades.isEmpty,
      let protocols = try? upgradeProtocols(version: request.version, fields: request.fields)
    else { return false }
    return !protocols.isEmpty
      && protocols.allSatisfy { wanted in
        allowedUpgrades.contains { wanted.name.equalsIgnoringASCIICase($0) }
      }
  }

  /// Whether a 101 may answer this request: a protocol was asked for, and nothing of HTTP is left
  /// to be sent.
  func mayUpgrade(by head: ResponseHead) -> Bool {
    guard requestIsComplete, asksUpgrade,
      let wanted = try? upgradeProtocols(version: request.version, fields: request.fields),
      let chosen = try? upgradeProtocols(version: head.version, fields: head.fields)
    else { return false }
    return !chosen.isEmpty
      && chosen.allSatisfy { one in
        wanted.contains { $0.name.equalsIgnoringASCIICase(one.name) }
      }
  }

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
