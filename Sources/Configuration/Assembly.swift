internal import HTTPModel
internal import Primitives
internal import Verdict

/// Makes settings of a draft: names become indices, and what concerns several sections is checked.
struct Assembly {
  private let draft: Draft

  init(_ draft: Draft) { self.draft = draft }

  /// The settings; of use only when the reading has no errors.
  func settings(_ reading: inout Reading) -> Settings {
    var settings = Settings()
    settings.name = draft.name
    settings.listeners = draft.listeners
    settings.services = draft.services.map { named in
      var service = named.value
      service.name = named.name
      return service
    }
    settings.keySets = draft.keySets.compactMap { $0.value.settings(name: $0.name) }
    settings.attestation = draft.attestation
    settings.cache = draft.cache
    settings.replay = draft.replay
    settings.audit = draft.audit
    settings.accessLog = draft.accessLog
    settings.log = draft.log
    settings.admin = draft.admin
    settings.limits = draft.limits
    settings.timeouts = draft.timeouts
    settings.process = draft.process
    checkListeners(&reading)
    settings.routes = routes(&reading)
    return settings
  }

  private func routes(_ reading: inout Reading) -> [RouteSettings] {
    var routes: [RouteSettings] = []
    var seen: [String: Int] = [:]
    for (index, draft) in draft.routes.enumerated() {
      guard let service = service(of: draft, &reading) else { continue }
      var name = draft.name ?? draft.standardName
      if let earlier = seen[name] {
        if draft.name != nil, self.draft.routes[earlier].name != nil {
          reading.error(
            "repeated-name", "two routes are called '\(name)'", at: draft.places?.value("name"),
            note: "the first is here", noted: self.draft.routes[earlier].places?.value("name"))
        }
        name = (2...).lazy.map { "\(name) (\($0))" }.first { seen[$0] == nil } ?? name
      }
      seen[name] = index
      checkSignatures(draft, &reading)
      var route = RouteSettings(name: name, match: draft.match, service: service)
      route.lane = draft.lane(self.draft.cache.profile)
      route.onDecision = draft.onDecision
      route.requestFields = draft.requestFields
      route.responseFields = draft.responseFields
      route.forwarding = draft.forwarding
      route.upgrades = draft.upgrades
      route.timeouts = draft.timeouts
      route.requestBodyBytes = draft.requestBodyBytes
      route.loggedPath = draft.loggedPath
      routes.append(route)
    }
    return routes
  }

  private func service(of route: RouteDraft, _ reading: inout Reading) -> Int? {
    if let index = draft.services.firstIndex(where: { $0.name == route.service }) { return index }
    // A route without the key has its error already; so has one whose services section is wrong.
    guard let places = route.places, places.has("service"), !route.service.isEmpty,
      draft.places?.has("services") == true
    else { return nil }
    let names = serviceNames
    reading.error(
      "unknown-service", "there is no service '\(route.service)'", at: places.value("service"),
      help: Nearest.word(to: route.service, among: names).map { "did you mean '\($0)'?" }
        ?? (names.isEmpty ? nil : "there \(names.count == 1 ? "is" : "are") \(listed(names))"))
    return nil
  }

  /// What a route wants to verify with, or to sign, must be there.
  private func checkSignatures(_ route: RouteDraft, _ reading: inout Reading) {
    guard let rule = route.decision, let places = route.places else { return }
    if rule.attests, draft.attestation == nil, draft.places?.has("attestation") != true {
      reading.error(
        "no-attestation", "there is no key to attest with",
        at: places.tree("decision")?["attest"]?.place ?? places.whole,
        help: "add 'attestation' at the top of the file")
    }
    guard let name = rule.binding.keys, !name.isEmpty,
      !draft.keySets.contains(where: { $0.name == name })
    else { return }
    var names: [String] = []
    if case .map(let entries) = draft.places?.tree("keys")?.content { names = entries.map(\.key) }
    // A set that has errors of its own is there all the same.
    guard !names.contains(name) else { return }
    reading.error(
      "unknown-keys", "there are no keys '\(name)'",
      at: places.tree("decision")?["keys"]?.place ?? places.whole,
      help: Nearest.word(to: name, among: names).map { "did you mean '\($0)'?" }
        ?? "name them at the top of the file, under 'keys'")
  }

  /// Also of services that have errors.
  private var serviceNames: [String] {
    guard case .map(let entries) = draft.places?.tree("services")?.content else { return [] }
    return entries.map(\.key)
  }

  private func checkListeners(_ reading: inout Reading) {
    let items: [Tree]
    if case .list(let list) = draft.places?.tree("listeners")?.content {
      items = list
    } else {
      return
    }
    var addresses: [ListenAddress: Tree.Place] = [:]
    if let admin = draft.admin, draft.places?.has("admin") == true {
      addresses[admin.address] = draft.places?.tree("admin")?["address"]?.place
    }
    for (listener, item) in zip(draft.listeners, items) where items.count == draft.listeners.count {
      if case .ip(_, port: 0) = listener.address { continue }
      guard let place = item["address"]?.place else { continue }
      if let earlier = addresses[listener.address] {
        reading.error(
          "repeated-address", "\(listener.address) is listened on twice", at: place,
          note: "it is given here too", noted: earlier)
      } else {
        addresses[listener.address] = place
      }
    }
  }
}
