package import Platform

/// Where and how much the disk tier keeps.
package struct DiskTierSettings: Sendable, Hashable {
  /// The directory, for this process alone; made with mode 0700 where it is missing.
  package var directory: String
  /// Bytes of all segments together.
  package var budget = 1 << 30
  /// How long a segment gets, in bytes. What does not fit into one is not written. The oldest
  /// segment goes whole.
  package var segmentBytes = 64 << 20
  /// Bytes that wait to be written; what comes on top is not written.
  package var queueBytes = 32 << 20
  /// Reads that wait; what comes on top counts as not there.
  package var readLimit = 256
  /// How many responses are held: each costs about 150 bytes of memory.
  package var responseLimit = 1 << 19
  /// Who says what is a decision, as a version: what another one let pass is not taken over.
  package var judge = ""
  /// The parts of the store, with the words that each number stands for in keys.
  package var parts: [UInt32: String] = [:]

  package init(directory: String) { self.directory = directory }
}

/// Why the disk tier cannot be used.
package enum DiskTierError: Error, Hashable, CustomStringConvertible {
  case system(SystemError)
  /// Others may write into the directory.
  case notPrivate(String)
  /// Another process uses the directory.
  case inUse(String)

  package var description: String {
    switch self {
    case .system(let error): error.description
    case .notPrivate(let path):
      "The cache directory \(path) belongs to another user or may be written by others."
    case .inUse(let path): "The cache directory \(path) is in use by another process."
    }
  }
}

/// What a disk tier tells while it works. Told on its own threads: only note or post.
package enum DiskTierNews: Sendable, Hashable {
  /// The start takes its time: so many segments of so many are read.
  case reading(Int, of: Int)
  /// What was found was written by another version, or by settings with other parts: it is gone.
  case emptied
  /// Nothing more is written for a while.
  case cannotWrite(SystemError)
  /// The file system is full: so many bytes is all that is kept from now on.
  case shrunk(to: Int)
  /// It is written again.
  case writes
  case cannotRead(SystemError)
  /// Nothing is written or read until a restart.
  case givenUp(SystemError)
}

/// What happened in a disk tier since it was opened, and what it holds.
package struct DiskTierCounters: Sendable, Hashable {
  package var reads: UInt64 = 0
  package var hits: UInt64 = 0
  package var writes: UInt64 = 0
  /// Responses that were not written because too much waited or the index was full.
  package var skipped: UInt64 = 0
  /// Writes and reads that failed.
  package var failures: UInt64 = 0
  /// Records that were not what had been written.
  package var corrupt: UInt64 = 0
  /// Responses found at the start.
  package var recovered = 0
  /// How long the start took to find them, in milliseconds.
  package var recoveryMilliseconds: UInt64 = 0
  package var responses = 0
  package var bytes = 0
  /// Whether it is written to and read from: not closed, and no failure in the last seconds.
  package var works = true

  package init() {}
}
