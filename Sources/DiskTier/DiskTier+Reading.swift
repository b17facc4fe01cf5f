internal import CachePolicy
package import CacheStore
internal import Dispatch
package import HTTPModel
internal import Platform
internal import Primitives
internal import Synchronization

// Reading: the index on the asking thread, the disk on the reader's queue.
extension DiskTier {
  package func mayHold(_ key: Span<UInt8>) -> Bool {
    let hashes = ByteHash.hashes(ofKey: key, seed: seed)
    return state.withLock { state in
      state.index.hasKey(UInt32(truncatingIfNeeded: hashes.key), target: hashes.target)
        && state.maySpeak(of: hashes.target) && !state.readerIsStuck(at: Clock.monotonic)
    }
  }

  package func fetch(
    key: [UInt8], request: RequestHead, deliver: @escaping @Sendable (TierFind?) -> Void
  ) {
    let isTaken = state.withLock { state in
      guard !state.isClosed, state.queuedReads < settings.readLimit else { return false }
      state.readBegins(at: Clock.monotonic)
      return true
    }
    guard isTaken else { return deliver(nil) }
    reading.async { [self] in
      let found = read(key, request: request)
      state.withLock { $0.readEnds(found: found != nil, at: Clock.monotonic) }
      deliver(found)
    }
  }

  package func isCurrent(_ find: TierFind, key: Span<UInt8>) -> Bool {
    let target = ByteHash.hashes(ofKey: key, seed: seed).target
    return state.withLock { $0.maySpeak(of: target) && $0.mark(of: target) == find.mark }
  }

  private func read(_ key: [UInt8], request: RequestHead) -> TierFind? {
    let hashes = ByteHash.hashes(ofKey: key.span, seed: seed)
    let tag = UInt32(truncatingIfNeeded: hashes.key)
    let (places, mark) = state.withLock { state in
      (
        state.maySpeak(of: hashes.target)
          ? state.index.places(of: tag, target: hashes.target) : [],
        state.mark(of: hashes.target)
      )
    }
    for place in places {
      switch record(at: place, key: key, request: request) {
      case .other: continue
      case .unreadable: return nil
      case .gone:
        state.withLock { state in
          state.index.remove(target: hashes.target) { $0.segment == place.segment }
        }
        return nil
      case .wrong:
        // Nobody knows what it replaced: nothing older may answer in its place.
        state.withLock { state in
          state.counters.corrupt &+= 1
          state.index.remove(target: hashes.target) {
            $0.keyTag == tag && $0.sequence <= place.sequence
          }
        }
        return nil
      case .response(let response):
        let purges = state.withLock { $0.mark(of: hashes.target) == mark ? $0.purges : nil }
        return purges.flatMap { held(response, from: place, against: $0) }.map {
          TierFind($0, mark: mark)
        }
      }
    }
    return nil
  }

  private enum Read {
    case response(StoredResponse)
    /// For requests with other fields, or with a key that shares the tag. Its content was not read:
    /// who asks for one variant after the other would have all that is stored read each time.
    case other
    /// Not what was written there.
    case wrong
    /// The segment was taken away.
    case gone
    /// The disk fails.
    case unreadable
  }

  private func record(at place: DiskPlace, key: [UInt8], request: RequestHead) -> Read {
    do throws(SystemError) {
      let file = try directory.open(Recovery.name(of: place.segment))
      let header = try file.read(at: 0, count: SegmentFormat.headerCount)
      let position = Int(place.position)
      let bytes = try file.read(at: position, count: SegmentFormat.recordHeadCount)
      let room = Int(place.count) - SegmentFormat.recordHeadCount
      guard let identity = SegmentFormat.identity(of: header),
        identity.number == place.segment,
        let head = SegmentFormat.head(bytes, in: identity, at: position, room: room),
        head.sequence == place.sequence
      else { return .wrong }
      let payload = position + SegmentFormat.recordHeadCount
      let lines = try file.read(at: payload, count: head.linesCount)
      guard head.areRight(lines: lines.span) else { return .wrong }
      guard head.isSelected(lines: lines, key: key.span, request: request) else { return .other }
      let body = try file.read(at: payload + head.linesCount, count: head.bodyCount)
      let response = head.response(
        lines: lines, body: body, requiringValidation: place.needsValidation)
      return response.map { .response($0) } ?? .wrong
    } catch {
      guard !error.isMissing else { return .gone }
      let isNews = state.withLock { state in
        state.counters.failures &+= 1
        return state.noteReadFailure(at: Clock.monotonic)
      }
      if isNews { tell(.cannotRead(error)) }
      return .unreadable
    }
  }

  /// What the purges since it was written leave of a response.
  private func held(
    _ response: StoredResponse, from place: DiskPlace, against purges: [NotedPurge]
  ) -> StoredResponse? {
    var response = response
    for purge in purges where purge.sequence > place.sequence {
      guard let left = purge.applied(to: response) else { return nil }
      response = left
    }
    return response
  }
}
