internal import CachePolicy
package import CacheStore
internal import Dispatch
package import Primitives
internal import Synchronization

// What the memory store tells: noted at once, written later, in the same order.
extension DiskTier {
  /// How long a confirmed response must stay fresh to be written again, in seconds.
  private static let leastLifetime: UInt32 = 60
  /// How much longer than what is on the disk it must be fresh, in seconds: so often at most is one
  /// response written again, whatever clients ask for.
  private static let leastGain: UInt32 = 30

  package func stored(_ response: StoredResponse) {
    // What answers for many queries is found by rules that are not kept, so that no later change
    // could reach it.
    guard !response.metadata.flags.contains(.variesBySearch) else { return }
    let bytes = response.bytes
    let key = bytes.span.extracting(response.keyRange)
    // A cookie would outlive its session there.
    guard !VaryKey.holdCredentials(bytes.span.extracting(response.varyRange)) else {
      return invalidated(key)
    }
    let hashes = ByteHash.hashes(ofKey: key, seed: seed)
    let count = response.bytes.count + response.body.count
    let sequence = state.withLock { state -> UInt64? in
      guard !state.isClosed else { return nil }
      let isFull = state.index.count + state.queuedWrites >= settings.responseLimit
      guard !isFull, SegmentWriter.fits(count, limit: settings.segmentBytes),
        state.queuedBytes + count <= settings.queueBytes
      else {
        state.counters.skipped &+= 1
        if isFull { makeRoom(&state) }
        return nil
      }
      state.writeBegins(hashes.target, bytes: count)
      return state.takeSequence()
    }
    // What is not written may not be outlived by what it took the place of.
    guard let sequence else { return invalidated(key) }
    writing.async { [self] in
      let place = write(Record(response, sequence: sequence), target: hashes.target)
      state.withLock { state in
        let isOvertaken = state.isOvertaken(hashes.target, since: sequence)
        state.writeEnds(hashes.target, bytes: count)
        guard !isOvertaken else { return }
        guard var place else { return state.index.removeTarget(hashes.target) }
        state.counters.writes &+= 1
        place.keyTag = UInt32(truncatingIfNeeded: hashes.key)
        place.isOnly = response.varyRange.isEmpty
        state.index.insert(place, target: hashes.target)
      }
    }
  }

  /// A confirmed response is written again where that is worth it. Else what is on the disk stays,
  /// if it says no more of itself than the new head does: it asks again with its own tag.
  package func freshened(_ old: StoredResponse, to new: StoredResponse, isKept: Bool) {
    let end = new.metadata.freshUntil
    let bytes = new.bytes
    let key = bytes.span.extracting(new.keyRange)
    let hashes = ByteHash.hashes(ofKey: key, seed: seed)
    let (claim, isWaiting) = state.withLock { state in
      (
        state.index.freshUntil(UInt32(truncatingIfNeeded: hashes.key), target: hashes.target) ?? 0,
        state.waits(hashes.target)
      )
    }
    let now = UInt32(clamping: new.metadata.receivedAt.milliseconds / 1000)
    let lasts = end > now && end - now >= Self.leastLifetime
    let isGain = end > claim && end - claim >= Self.leastGain
    if isKept, lasts, isGain, !isWaiting { return stored(new) }
    if end < max(claim, old.metadata.freshUntil) { invalidated(key) }
  }

  package func invalidated(_ key: Span<UInt8>) {
    let hashes = ByteHash.hashes(ofKey: key, seed: seed)
    let sequence = state.withLock { state -> UInt64? in
      state.countInvalidation(of: hashes.target)
      // What is neither indexed nor on its way is not on the disk.
      guard state.knows(hashes.target), !state.isClosed else { return nil }
      state.index.removeTarget(hashes.target)
      let sequence = state.takeSequence()
      state.overtakeWrites(of: hashes.target, at: sequence)
      return sequence
    }
    guard let sequence else { return }
    var copy: [UInt8] = []
    copy.reserveCapacity(key.count)
    for index in key.indices { copy.append(key[index]) }
    let record = Record(.targetGone, sequence: sequence, key: copy)
    writing.async { [self] in writeSurely(record) }
  }

  package func purgeBegins() { state.withLock { $0.purgesUnderWay += 1 } }

  package func purged(
    _ selector: PurgeSelector, _ kind: PurgeKind, partition: UInt32?, now: WallTime
  ) {
    let record = state.withLock { state -> Record? in
      state.purgesUnderWay = max(state.purgesUnderWay - 1, 0)
      state.countPurge()
      guard !state.isClosed else { return nil }
      let isTooMany = state.purges.count >= DiskTierState.purgeLimit
      let purge = NotedPurge(
        sequence: state.takeSequence(), selector: isTooMany ? .everything : selector,
        kind: isTooMany ? .hard : kind, partition: isTooMany ? nil : partition, time: now)
      if case .everything = purge.selector, purge.kind == .hard, purge.partition == nil {
        state.index.removeAll()
        state.purges = []
      }
      state.purges.removeAll { $0.isCovered(by: purge) }
      state.purges.append(purge)
      return Record(.purge, sequence: purge.sequence, key: PurgeCoding.encode(purge))
    }
    guard let record else { return }
    writing.async { [self] in writeSurely(record) }
  }

  /// Has the oldest segment go for what comes next.
  private func makeRoom(_ state: inout DiskTierState) {
    guard !state.isMakingRoom else { return }
    state.isMakingRoom = true
    writing.async { [self] in
      let oldest = worker.withLock { worker in
        if worker.old.isEmpty, let last = worker.writer.finish() { worker.old.append(last) }
        return worker.old.isEmpty ? nil : worker.old.removeFirst()
      }
      if let oldest { evict(oldest) }
      self.state.withLock { $0.isMakingRoom = false }
    }
  }
}
