internal import HTTPModel
internal import HTTPWire
internal import Platform
internal import Primitives

/// Asks the admin listener of a running proxy: one request on a connection of its own. Blocks.
struct AdminClient {
  /// Where `serve` listens for operators where nothing else is said.
  static let standardSocket = "/run/countersign/admin.sock"
  /// How long one step may take, in milliseconds: to connect, to send, to receive something.
  private static let patience: Int32 = 30_000
  /// The longest answer that is read, in bytes.
  private static let answerLimit = 1 << 20

  /// What kept the question from being asked or answered, as a sentence.
  struct Trouble: Error {
    let sentence: String
  }

  struct Answer {
    let status: Status
    let content: [UInt8]
  }

  private let addresses: [SocketAddress]
  private let authority: String
  private let token: [UInt8]?

  /// A Unix socket by its path.
  init(socket path: String) throws(Trouble) {
    guard let address = SocketAddress("unix:\(path)") else {
      throw Trouble(sentence: "'\(path)' is no path of a socket")
    }
    addresses = [address]
    authority = "localhost"
    token = nil
  }

  /// A URL such as `http://127.0.0.1:9901`, and the file with the token.
  init(url: String, tokenFile: String) throws(Trouble) {
    let form = Trouble(
      sentence: "'\(url)' is no address of an admin listener: write http://HOST:PORT")
    guard url.hasPrefix("http://") else { throw form }
    var rest = url.dropFirst(7)
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    guard let colon = rest.lastIndex(of: ":"),
      let port = UInt16(rest[rest.index(after: colon)...]), !rest.contains("/")
    else { throw form }
    authority = String(rest)
    let host = String(rest[..<colon])
    do throws(NameLookupError) {
      if let address = SocketAddress(authority) {
        addresses = [address]
      } else {
        addresses = try NameLookup.addresses(of: host, port: port)
      }
    } catch {
      throw Trouble(sentence: "\(error)")
    }
    token = try Self.token(in: tokenFile)
  }

  private static func token(in file: String) throws(Trouble) -> [UInt8] {
    let secret: SecretFile
    do throws(SystemError) {
      secret = try SecretFile(path: file, limit: 4_096)
    } catch {
      throw Trouble(sentence: "the token file cannot be read: \(error)")
    }
    let token = secret.bytes.filter { $0 > 0x20 && $0 < 0x7F }
    guard !token.isEmpty else { throw Trouble(sentence: "the token file \(file) is empty") }
    return token
  }

  /// Sends a form and reads the answer.
  func post(_ path: String, form: [(String, String)]) throws(Trouble) -> Answer {
    let content = Self.encoded(form)
    var request = Array("POST \(path) HTTP/1.1\r\nHost: \(authority)\r\n".utf8)
    request.append(ascii: "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ")
    request.append(decimal: UInt64(content.count))
    request.append(ascii: "\r\nConnection: close\r\n")
    if let token {
      request.append(ascii: "Authorization: Bearer ")
      request.append(contentsOf: token)
      request.append(ascii: "\r\n")
    }
    request.append(ascii: "\r\n")
    let answer = try exchange(request + content)
    do throws(ProtocolViolation) {
      return try Self.answer(in: answer)
    } catch {
      throw Trouble(sentence: "the answer is not HTTP: \(error.code.rawValue)")
    }
  }

  private static func encoded(_ form: [(String, String)]) -> [UInt8] {
    var text: [UInt8] = []
    for (name, value) in form {
      if !text.isEmpty { text.append(UInt8(ascii: "&")) }
      text.append(contentsOf: name.utf8)
      text.append(ASCII.equals)
      for byte in value.utf8 {
        if ASCII.isAlpha(byte) || ASCII.isDigit(byte) {
          text.append(byte)
        } else {
          text.append(UInt8(ascii: "%"))
          text.append(hexadecimal: UInt64(byte), digits: 2)
        }
      }
    }
    return text
  }

  private static func answer(in bytes: [UInt8]) throws(ProtocolViolation) -> Answer {
    let span = bytes.span
    var scanner = HeadScanner(.response)
    guard let count = try scanner.scan(span) else { throw ProtocolViolation(.truncatedContent) }
    let head = try ResponseHeadParser.parse(span.extracting(0..<count))
    var body = BodyDecoder(try responseFraming(of: head, toMethod: .post))
    var content: [UInt8] = []
    var offset = count
    while !body.isFinished {
      switch try body.next(in: span, from: offset) {
      case .data(let range):
        content.append(contentsOf: bytes[range])
        offset = range.upperBound
      case .needsMore:
        try body.peerClosed()
        return Answer(status: head.status, content: content)
      case .end(let next): offset = next
      }
    }
    return Answer(status: head.status, content: content)
  }

  // MARK: Bytes

  /// Sends the request to the first address that takes it and reads until the peer closes.
  private func exchange(_ request: [UInt8]) throws(Trouble) -> [UInt8] {
    var trouble = Trouble(sentence: "there is no address to ask")
    for address in addresses {
      do throws(SystemError) {
        let socket = try Descriptor.stream(for: address)
        if try socket.connect(to: address) == .inProgress {
          guard try Self.wait(for: .writable, on: socket) else { continue }
          let code = socket.pendingError()
          guard code == 0 else {
            throw SystemError(call: "connect", code: code, subject: address.description)
          }
        }
        return try Self.exchange(request, on: socket)
      } catch {
        trouble = Trouble(
          sentence: "no answer from \(address): \(error.reason); "
            + "--socket or --admin says where to ask")
      }
    }
    throw trouble
  }

  private static func exchange(_ request: [UInt8], on socket: borrowing Descriptor)
    throws(SystemError) -> [UInt8]
  {
    var sent = 0
    while sent < request.count {
      let result = unsafe request.withUnsafeBytes {
        unsafe socket.send(UnsafeRawBufferPointer(rebasing: $0[sent...]))
      }
      switch result {
      case .transferred(let count): sent += count
      case .wouldBlock: guard try wait(for: .writable, on: socket) else { throw timeout }
      case .failed(let code): throw SystemError(call: "send", code: code)
      }
    }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while answer.count < answerLimit {
      switch unsafe buffer.withUnsafeMutableBytes({ unsafe socket.receive(into: $0) }) {
      case .transferred(0): return answer
      case .transferred(let count): answer.append(contentsOf: buffer[..<count])
      case .wouldBlock: guard try wait(for: .readable, on: socket) else { throw timeout }
      case .failed(let code): throw SystemError(call: "recv", code: code)
      }
    }
    return answer
  }

  /// `ETIMEDOUT`.
  private static var timeout: SystemError { SystemError(call: "wait", code: 110) }

  /// Whether the socket became ready in time.
  private static func wait(for readiness: ReadyEvents, on socket: borrowing Descriptor)
    throws(SystemError) -> Bool
  {
    let poller = try Poller()
    guard let token = unsafe UnsafeMutableRawPointer(bitPattern: 1) else { return false }
    try unsafe poller.add(socket, for: readiness, token: token)
    return try poller.wait(timeout: patience) > 0
  }
}
