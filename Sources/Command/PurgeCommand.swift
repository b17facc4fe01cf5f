internal import ArgumentParser
internal import HTTPModel
internal import Primitives

/// `countersign purge`: takes stored responses out of a running proxy.
struct PurgeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge",
    abstract: "Remove stored responses of a running proxy, or have them validated.",
    discussion: """
      Asks the admin listener, by its Unix socket or by its address and token. Says how many \
      responses were removed, or with --soft how many must be validated before their next use. \
      Exit status 69 when the proxy cannot be asked, 64 when it refuses what it is asked.

        countersign purge --url https://auth.example.com/assets/logo.svg
        countersign purge --prefix https://auth.example.com/assets/ --soft
        countersign purge --host auth.example.com --service auth
        countersign purge --tag logos
        countersign purge --admin http://127.0.0.1:9901 --token-file admin.token \\
          --group assets
      """)

  @Option(help: "The path of the admin listener's socket.")
  var socket: String?

  @Option(help: "The admin listener as http://HOST:PORT, where it is no socket.")
  var admin: String?

  @Option(help: "The file with the token of the admin listener.")
  var tokenFile: String?

  @Option(help: "One target: every variant of it, whatever else makes its key.")
  var url: String?

  @Option(help: "Every target whose URL begins so.")
  var prefix: String?

  @Option(help: "Every target of a host; with a port, of that one.")
  var host: String?

  @Option(help: "What carries this word in Surrogate-Key or Cache-Tag.")
  var tag: String?

  @Option(help: "What is in this group of Cache-Groups.")
  var group: String?

  @Option(help: "Only what this service answered.")
  var service: String?

  @Flag(help: "Keep it, and validate it before its next use.")
  var soft = false

  private var subjects: [(String, String)] {
    let all: [(String, String?)] = [
      ("url", url), ("prefix", prefix), ("host", host), ("tag", tag), ("group", group),
    ]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }

  func validate() throws {
    guard subjects.count == 1 else {
      throw ValidationError("Name one of --url, --prefix, --host, --tag and --group.")
    }
    guard admin == nil || tokenFile != nil else {
      throw ValidationError("--admin needs --token-file.")
    }
    guard admin == nil || socket == nil else {
      throw ValidationError("--admin and --socket name two listeners.")
    }
  }

  func run() throws {
    var form = subjects
    if soft { form.append(("soft", "true")) }
    if let service { form.append(("service", service)) }
    let answer: AdminClient.Answer
    do throws(AdminClient.Trouble) {
      answer = try client().post("/purge", form: form)
    } catch {
      Terminal.complain("countersign purge: \(error.sentence)")
      throw ExitStatus.unavailable.code
    }
    let text = String(decoding: answer.content, as: UTF8.self)
    guard answer.status == .ok else {
      Terminal.complain("countersign purge: \(Self.refusal(answer.status, text))")
      let isMistake = answer.status == .badRequest
      throw isMistake ? ExitStatus.usage.code : ExitStatus.unavailable.code
    }
    Terminal.tell(text)
  }

  /// What the proxy says, or what its status says where it was no admin listener that answered.
  private static func refusal(_ status: Status, _ text: String) -> String {
    let isSentence = [400, 401].contains(status.code)
    guard isSentence, let line = text.split(separator: "\n").first else {
      return "the answer was status \(status.code): is this the admin listener of Countersign?"
    }
    return String(line)
  }

  private func client() throws(AdminClient.Trouble) -> AdminClient {
    if let admin, let tokenFile { return try AdminClient(url: admin, tokenFile: tokenFile) }
    return try AdminClient(socket: socket ?? AdminClient.standardSocket)
  }
}
