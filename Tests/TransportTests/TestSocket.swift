import Glibc
import Platform
import Synchronization
import Testing
import Transport

/// A blocking client of a server under test. Every call has a deadline of its own.
final class TestSocket {
  private let descriptor: Descriptor

  struct Failure: Error {
    let call: String
    let code: Int32
  }

  var number: Int32 { descriptor.number }

  /// Connects; small buffers make the kernel hold little of what is not read.
  init(to address: SocketAddress, receiveBuffer: Int32? = nil) throws {
    descriptor = try Descriptor.stream(for: address)
    if let receiveBuffer { descriptor.setReceiveBuffer(bytes: receiveBuffer) }
    if try descriptor.connect(to: address) == .inProgress {
      try wait(for: Int16(POLLOUT))
      let code = descriptor.pendingError()
      guard code == 0 else { throw Failure(call: "connect", code: code) }
    }
  }

  private func wait(for events: Int16) throws {
    var entry = pollfd(fd: number, events: events, revents: 0)
    guard poll(&entry, 1, 20_000) == 1 else { throw Failure(call: "poll", code: ETIMEDOUT) }
  }

  func send(_ bytes: some Collection<UInt8>) throws {
    let all = Array(bytes)
    var start = 0
    while start < all.count {
      let result = all.withUnsafeBytes {
        descriptor.send(UnsafeRawBufferPointer(rebasing: $0[start...]))
      }
      switch result {
      case .transferred(let count): start += count
      case .wouldBlock: try wait(for: Int16(POLLOUT))
      case .failed(let code): throw Failure(call: "send", code: code)
      }
    }
  }

  /// What comes next, at least a byte; empty at the end.
  func receiveSome(limit: Int = 65_536) throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    while true {
      switch buffer.withUnsafeMutableBytes({ descriptor.receive(into: $0) }) {
      case .transferred(let count): return Array(buffer[..<count])
      case .wouldBlock: try wait(for: Int16(POLLIN))
      case .failed(let code): throw Failure(call: "recv", code: code)
      }
    }
  }

  /// Exactly so many bytes, or fewer when the end comes before.
  func receive(_ count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let some = try receiveSome(limit: min(65_536, count - all.count))
      if some.isEmpty { break }
      all += some
    }
    return all
  }

  func receiveToEnd() throws -> [UInt8] { try receive(.max) }

  func endOutput() { descriptor.shutdownOutput() }

  /// Closes with a reset.
  func reset() { descriptor.resetOnClose() }
}

/// Bytes in which every place can be told from its neighbours.
func pattern(_ count: Int, from start: Int = 0) -> [UInt8] {
  (start..<start + count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
}

/// A path for a socket that no other test uses.
func temporaryPath() -> String {
  "/tmp/countersign-\(getpid())-\(pathCounter.wrappingAdd(1, ordering: .relaxed).newValue).sock"
}

private let pathCounter = Atomic<Int>(0)
