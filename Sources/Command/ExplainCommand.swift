internal import ArgumentParser
internal import Configuration
internal import Foundation
internal import HTTPModel
internal import Primitives
internal import Proxy

/// `countersign explain`: why one exchange goes the way it goes.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Explain what becomes of one exchange: route, lane, key, storing, reuse, and why.",
    discussion: """
      Decides by the code that `serve` runs, with nobody asked and nothing listened on. The \
      exchange comes from options, from files with HTTP/1.1 messages, or from an entry of a HAR \
      file. The response arrives at its Date, the next request --after it.

        countersign explain countersign.yaml --url https://auth.example.com/assets/logo.svg \\
          --status 200 --response-header 'Cache-Control: max-age=60' --then-header 'Cookie: a=b'
        countersign explain countersign.yaml --request request.http --response response.http
        countersign explain countersign.yaml --har recorded.har --entry 3 --json
      """)

  @Argument(help: "The settings file.")
  var file: String

  @Option(help: "The method of the request.")
  var method = "GET"

  @Option(help: "The absolute URL of the request.")
  var url: String?

  @Option(help: "A field of the request, as 'Name: value'.")
  var header: [String] = []

  @Option(help: "The status of the response.")
  var status: Int?

  @Option(help: "A field of the response, as 'Name: value'.")
  var responseHeader: [String] = []

  @Option(help: "A file with the content of the response.")
  var body: String?

  @Option(help: "A file with the request as an HTTP/1.1 message.")
  var request: String?

  @Option(help: "A file with the response as an HTTP/1.1 message.")
  var response: String?

  @Option(help: "The scheme by which a request from a file comes: http or https.")
  var scheme = "https"

  @Option(help: "A DNS name in the client's certificate.")
  var certificateDns: [String] = []

  @Option(help: "A URI in the client's certificate.")
  var certificateUri: [String] = []

  @Option(help: "The subject of the client's certificate, as 'CN=shop,O=Example'.")
  var certificateSubject: String?

  @Option(help: "The SHA-256 of the client's certificate, in hexadecimal digits.")
  var certificateSha256: String?

  @Option(help: "A HAR file.")
  var har: String?

  @Option(help: "The number of the entry in the HAR file, from 0.")
  var entry = 0

  @Option(help: "A field of the request that comes next; without, it has those of the first.")
  var thenHeader: [String] = []

  @Option(help: "How many seconds later the next request comes.")
  var after = 1

  @Option(help: "When the response arrives, as an HTTP date; without, its Date, or now.")
  var at: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard [url, request, har].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("Give one of --url, --request and --har.")
    }
    guard after >= 0 else { throw ValidationError("--after is a number of seconds.") }
  }

  func run() throws {
    let loaded = Settings.load(file)
    guard let settings = loaded.settings else {
      SettingsFile.tell(loaded)
      Terminal.complain("\(file): \(SettingsFile.count(loaded))")
      throw ExitStatus.configuration.code
    }
    do throws(ExplainError) {
      let explanation = try Explainer(settings).explain(try exchange())
      Terminal.tell(json ? String(decoding: explanation.json, as: UTF8.self) : explanation.text)
    } catch {
      Terminal.complain("countersign explain: \(error.sentence)")
      throw ExitStatus.usage.code
    }
  }

  // MARK: The exchange

  private func exchange() throws(ExplainError) -> ExplainedExchange {
    var exchange =
      if let har {
        try RecordedExchange.entry(entry, ofHAR: har)
      } else if let request {
        try RecordedExchange.request(in: request, scheme: scheme)
      } else {
        ExplainedExchange(
          method: try RecordedExchange.method(method), url: Array((url ?? "").utf8),
          fields: try RecordedExchange.fields(header), time: WallTime(milliseconds: 0))
      }
    if let response { try RecordedExchange.addResponse(in: response, to: &exchange) }
    if status != nil || !responseHeader.isEmpty {
      guard let code = UInt16(exactly: status ?? 200), (100...999).contains(code) else {
        throw ExplainError(sentence: "a status is from 100 to 999")
      }
      exchange.response = ResponseHead(
        status: Status(code), fields: try RecordedExchange.fields(responseHeader))
    }
    if let body { exchange.content = try RecordedExchange.bytes(of: body) }
    if !thenHeader.isEmpty { exchange.nextFields = try RecordedExchange.fields(thenHeader) }
    exchange.certificate = try certificate()
    exchange.wait = Seconds(Int64(after))
    exchange.time = try time(of: exchange)
    return exchange
  }

  /// What the client's certificate says; nil where no option says anything.
  private func certificate() throws(ExplainError) -> ClientCertificateFacts? {
    let isGiven =
      certificateSubject != nil || certificateSha256 != nil || !certificateDns.isEmpty
      || !certificateUri.isEmpty
    guard isGiven else { return nil }
    var fingerprint: [UInt8] = []
    if let text = certificateSha256 {
      let digits = text.utf8.filter { $0 != ASCII.colon }
      let values = digits.compactMap(ASCII.hexadecimalValue)
      guard values.count == 64, digits.count == 64 else {
        throw ExplainError(sentence: "a SHA-256 has 64 hexadecimal digits")
      }
      fingerprint = stride(from: 0, to: 64, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
    return ClientCertificateFacts(
      subject: Array((certificateSubject ?? "").utf8),
      dnsNames: certificateDns.map { Array($0.utf8) },
      uris: certificateUri.map { Array($0.utf8) }, fingerprint: fingerprint)
  }

  private func time(of exchange: ExplainedExchange) throws(ExplainError) -> WallTime {
    let now = WallTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    if let at {
      guard let time = HTTPDate.parse(Array(at.utf8), now: now) else {
        throw ExplainError(
          sentence: "'\(at)' is no HTTP date, such as Sun, 06 Nov 1994 08:49:37 GMT")
      }
      return time
    }
    let stated = exchange.response?.fields.only(.date).flatMap { HTTPDate.parse($0, now: now) }
    return stated ?? (exchange.time.milliseconds == 0 ? now : exchange.time)
  }
}
