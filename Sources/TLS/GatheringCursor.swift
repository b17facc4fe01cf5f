/// Walks over pieces of plaintext and cuts them into records.
@safe struct GatheringCursor {
  private let pieces: [UnsafeRawBufferPointer]
  private var index = 0
  private var offset = 0

  init(_ pieces: [UnsafeRawBufferPointer]) { unsafe self.pieces = pieces }

  /// The next record's plaintext, or nil at the end: a slice of a piece where that fills the record
  /// or is the last piece, else copied together in `staging`, which is as long as a record.
  mutating func nextRecord(staging: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
    skipEmpty()
    guard unsafe index < pieces.count else { return nil }
    let rest = unsafe pieces[index][offset...]
    let isLast = unsafe index == pieces.count - 1
    if unsafe isLast || rest.count >= staging.count {
      let record = unsafe UnsafeRawBufferPointer(rebasing: rest.prefix(staging.count))
      advance(by: record.count)
      return unsafe record
    }
    var filled = 0
    while unsafe index < pieces.count, filled < staging.count {
      let part = unsafe pieces[index][offset...].prefix(staging.count - filled)
      unsafe UnsafeMutableRawBufferPointer(rebasing: staging[filled...]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: part))
      let count = unsafe part.count
      filled += count
      advance(by: count)
    }
    return unsafe UnsafeRawBufferPointer(rebasing: staging[..<filled])
  }

  private mutating func advance(by count: Int) {
    offset += count
    skipEmpty()
  }

  /// Goes on to the first byte not yet taken.
  private mutating func skipEmpty() {
    while unsafe index < pieces.count, unsafe offset >= pieces[index].count {
      offset = 0
      index += 1
    }
  }
}
