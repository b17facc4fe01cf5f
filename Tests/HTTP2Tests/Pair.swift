import HTTP2
import HTTPModel
import HTTPWire
import Primitives

/// What one side was told.
final class Witness: HTTP2Handler {
  struct Section {
    var stream: Int32
    var fields: HTTP2Fields
    var kind: HTTP2SectionKind
  }

  struct Closure {
    var stream: Int32
    var code: HTTP2ErrorCode
  }

  var sections: [Section] = []
  var content: [Int32: [UInt8]] = [:]
  var ends: [Int32] = []
  var drains: [Int32] = []
  var closures: [Closure] = []
  var departures: [Int32] = []
  var consumes = true
  weak var session: HTTP2Session?
  private var unused: [Int32: Int] = [:]

  func takeUnused(_ stream: Int32) -> Int { unused.removeValue(forKey: stream) ?? 0 }

  override func sectionArrived(_ stream: Int32, _ section: HTTP2Fields, kind: HTTP2SectionKind) {
    sections.append(Section(stream: stream, fields: section, kind: kind))
  }

  override func contentArrived(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
    content[stream, default: []] += bytes
    if consumes {
      session?.consume(stream, bytes.count)
    } else {
      unused[stream, default: 0] += bytes.count
    }
  }

  override func ended(_ stream: Int32) { ends.append(stream) }
  override func drained(_ stream: Int32) { drains.append(stream) }

  override func closed(_ stream: Int32, _ code: HTTP2ErrorCode) {
    closures.append(Closure(stream: stream, code: code))
  }

  override func goingAway(after stream: Int32, _ code: HTTP2ErrorCode) {
    departures.append(stream)
  }
}

/// A client and a server whose bytes reach each other.
final class Pair {
  let server = Witness()
  let clientSide = Witness()
  let serverSession: HTTP2Session
  let client: HTTP2Session

  init(_ limits: HTTP2Limits = HTTP2Limits()) throws {
    serverSession = try HTTP2Session(.server, limits: limits, handler: server)
    client = try HTTP2Session(.client, handler: clientSide)
    server.session = serverSession
    clientSide.session = client
  }

  /// Carries bytes to and fro until both have no more to say.
  func run(at seconds: UInt64 = 0) throws {
    while true {
      let toServer = try output(of: client)
      if !toServer.isEmpty {
        try serverSession.receive(toServer, at: MonotonicTime(seconds: seconds))
      }
      let toClient = try output(of: serverSession)
      if !toClient.isEmpty { try client.receive(toClient, at: MonotonicTime(seconds: seconds)) }
      if toServer.isEmpty, toClient.isEmpty { return }
    }
  }

  func output(of session: HTTP2Session) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try session.takeOutput { bytes += $0 }
    return bytes
  }
}

extension HTTP2Session {
  func receive(_ bytes: [UInt8], at now: MonotonicTime) throws {
    try bytes.withUnsafeBytes { try receive($0, at: now) }
  }

  @discardableResult
  func send(_ stream: Int32, _ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { send(stream, $0) }
  }
}

extension MonotonicTime {
  init(seconds: UInt64) { self.init(nanoseconds: seconds * 1_000_000_000) }
}
