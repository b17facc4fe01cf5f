internal import CachePolicy
internal import HTTPModel
internal import Primitives
internal import Verdict

/// What `countersign proxy` was told on the command line: a proxy without a file, for trying and
/// testing.
///
/// One plain service. Declared decisions are bound by `echo` in the header field and enforced;
/// everything else is in the cache lane. No admin listener; findings go to standard error.
package struct ProxyArguments: Sendable, Equatable {
  /// `ADDRESS:PORT`, `unix:PATH`, or a port alone for 127.0.0.1.
  package var listen: String
  /// One or more servers of the service.
  package var origins: [String]
  package var profile: String?
  /// `METHOD PATH`, or a path for every method.
  package var decisions: [String] = []
  /// `Name: value`, set on every request.
  package var requestFields: [String] = []
  package var certificate: String?
  package var key: String?
  /// The authority of servers with https.
  package var originAuthority: String?
  package var loops: Int?

  package init(listen: String, origins: [String]) {
    self.listen = listen
    self.origins = origins
  }

  /// The settings these arguments say, or one sentence for each argument that is wrong.
  ///
  /// - Parameter directory: absolute; where relative paths start from.
  package func settings(in directory: String) -> Result<Settings, ProxyArgumentsError> {
    var reader = ArgumentReader(directory: directory)
    var settings = Settings()
    if let listener = listener(&reader) { settings.listeners = [listener] }
    settings.services = [service(&reader)]
    settings.routes = routes(&reader)
    settings.cache.profile =
      profile.flatMap { reader.read("--profile", $0, Form<CacheProfile>.cacheProfile) } ?? .strict
    settings.audit.isRequired = false
    settings.admin = nil
    if let loops, let count = reader.read("--loops", String(loops), Form<Int?>.loops) {
      settings.process.loops = count
    }
    return reader.flaws.isEmpty
      ? .success(settings) : .failure(ProxyArgumentsError(sentences: reader.flaws))
  }

  private func listener(_ reader: inout ArgumentReader) -> ListenerSettings? {
    var text = listen
    if text.allSatisfy(\.isNumber) || text.hasPrefix(":") {
      text = "127.0.0.1:" + text.drop { $0 == ":" }
    } else if text.hasPrefix("localhost:") {
      text = "127.0.0.1" + text.dropFirst(9)
    }
    guard let address = reader.read("--listen", text, Form<ListenAddress>.listenAddress) else {
      return nil
    }
    var listener = ListenerSettings(address: address)
    switch (certificate, key) {
    case (nil, nil): break
    case (let certificate?, let key?):
      let files = CertificateFiles(
        certificate: Paths.resolve(certificate, from: reader.directory),
        key: Paths.resolve(key, from: reader.directory))
      listener.tls = TLSServerSettings(certificates: [files])
    default: reader.flaws.append("--certificate and --key belong together")
    }
    return listener
  }

  private func service(_ reader: inout ArgumentReader) -> ServiceSettings {
    let addresses = origins.compactMap {
      reader.read("--origin", $0, Form<OriginAddress>.origin)
    }
    var service = ServiceSettings(name: "origin", origins: addresses)
    service.kind = .plain
    service.tls.authorities = originAuthority.map { Paths.resolve($0, from: reader.directory) }
    return service
  }

  private func routes(_ reader: inout ArgumentReader) -> [RouteSettings] {
    let fields = fieldRules(&reader)
    var routes: [RouteSettings] = []
    for text in decisions {
      let words = text.split(separator: " ").map(String.init)
      guard let path = words.last, words.count <= 2 else {
        reader.flaws.append("--decision: write 'POST /login', not '\(text)'")
        continue
      }
      var match = RouteMatch()
      if words.count == 2, let method = reader.read("--decision", words[0], Form<Method>.method) {
        match.methods = [method]
      }
      guard let pattern = reader.read("--decision", path, Form<PathPattern>.pathPattern) else {
        continue
      }
      match.paths = [pattern]
      let name = words.joined(separator: " ")
      guard !routes.contains(where: { $0.name == name }) else { continue }
      var route = RouteSettings(name: name, match: match, service: 0)
      route.lane = .decision(DecisionRule(binding: .echo(EchoRule())))
      routes.append(route)
    }
    routes.append(RouteSettings(name: "everything else", match: RouteMatch(), service: 0))
    for index in routes.indices { routes[index].requestFields = fields }
    return routes
  }

  private func fieldRules(_ reader: inout ArgumentReader) -> [FieldRule] {
    requestFields.compactMap { text in
      guard let colon = text.firstIndex(of: ":") else {
        reader.flaws.append("--request-field: write 'Name: value', not '\(text)'")
        return nil
      }
      let value = text[text.index(after: colon)...].drop { $0 == " " }
      guard
        let name = reader.read(
          "--request-field", String(text[..<colon]), Form<FieldName>.fieldName),
        let bytes = reader.read("--request-field", String(value), Form<[UInt8]>.fieldValue)
      else { return nil }
      guard !FieldDirection.request.isReserved(name) else {
        reader.flaws.append(
          "--request-field: '\(name.bytes.displayText)' is sent by the proxy itself")
        return nil
      }
      return .set(name: name, value: bytes)
    }
  }
}

/// What is wrong with the arguments of `countersign proxy`: one sentence each.
package struct ProxyArgumentsError: Error, Sendable, Equatable {
  package let sentences: [String]
}

/// Reads arguments by the forms that read files.
private struct ArgumentReader {
  let directory: String
  var flaws: [String] = []

  init(directory: String) { self.directory = directory }

  mutating func read<Value>(_ option: String, _ text: String, _ form: Form<Value>) -> Value? {
    var reading = Reading()
    let source = reading.add(SourceText(name: option, path: directory + "/.", lines: []))
    let place = Tree.Place(source: source, line: 1, column: 1)
    let value = form.read(Tree(.text(text, isPlain: true), at: place), &reading)
    flaws += reading.diagnostics.map { diagnostic in
      "\(option): \(diagnostic.message)" + (diagnostic.help.map { " (\($0))" } ?? "")
    }
    return value
  }
}
