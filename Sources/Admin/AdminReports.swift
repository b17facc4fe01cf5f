internal import Audit
internal import Configuration
internal import HTTPModel
internal import Platform
internal import Primitives
internal import Proxy
internal import Transport
internal import Verdict

/// The documents of the admin listener, made of what the proxy tells.
enum AdminReports {
  /// Why requests cannot be answered, a line each; empty while they can.
  static func obstacles(_ source: some AdminSource) -> [String] {
    switch source.phase {
    case .starting: ["starting"]
    case .stopping: ["stopping"]
    case .serving:
      source.faults
        + source.services.filter { $0.inServiceCount == 0 }.map {
          "service \($0.name): no origin is in service"
        }
    }
  }

  /// `{"services":[{"name":…,"in_service":…,"origins":[…]}]}`. Times are relative: milliseconds
  /// from now.
  static func origins(_ services: [ServiceReport], now: MonotonicTime) -> [UInt8] {
    var text = [UInt8](ascii: "{\"services\":[")
    for (number, service) in services.enumerated() {
      text.append(ascii: number == 0 ? "\n{\"name\":" : ",\n{\"name\":")
      text.append(jsonString: service.name)
      text.append(ascii: ",\"in_service\":")
      text.append(decimal: UInt64(clamping: service.inServiceCount))
      text.append(ascii: ",\"origins\":[")
      for (number, origin) in service.origins.enumerated() {
        text.append(ascii: number == 0 ? "\n  " : ",\n  ")
        append(origin, now: now, to: &text)
      }
      text.append(ascii: "]}")
    }
    text.append(ascii: "]}\n")
    return text
  }

  private static func append(_ origin: OriginReport, now: MonotonicTime, to text: inout [UInt8]) {
    text.append(ascii: "{\"name\":")
    text.append(jsonString: origin.name)
    text.append(ascii: origin.isInService ? ",\"in_service\":true" : ",\"in_service\":false")
    text.append(ascii: ",\"probes\":")
    text.append(jsonString: origin.probed.rawValue)
    append("probe_failure", origin.probeFailure?.rawValue, to: &text)
    text.append(ascii: ",\"ejected_for_ms\":")
    if let end = origin.ejectedUntil {
      text.append(decimal: end.nanoseconds(since: now) / 1_000_000)
    } else {
      text.append(ascii: "null")
    }
    text.append(ascii: ",\"consecutive_failures\":")
    text.append(decimal: UInt64(clamping: origin.consecutiveFailures))
    append("last_fault", origin.lastFault?.rawValue, to: &text)
    text.append(ascii: "}")
  }

  private static func append(_ name: StaticString, _ value: String?, to text: inout [UInt8]) {
    text.append(ascii: ",\"")
    text.append(ascii: name)
    text.append(ascii: "\":")
    if let value { text.append(jsonString: value) } else { text.append(ascii: "null") }
  }

  /// `{"checks":[{"id":…,"severity":…,"detected":…,…}]}`, in the order of the catalogue.
  static func checks() -> [UInt8] {
    var text = [UInt8](ascii: "{\"checks\":[")
    for (number, check) in CheckCatalogue.all.enumerated() {
      text.append(ascii: number == 0 ? "\n{\"id\":" : ",\n{\"id\":")
      text.append(jsonString: check.id.rawValue)
      text.append(ascii: ",\"severity\":")
      text.append(jsonString: "\(check.severity.name)")
      text.append(ascii: check.isDetected ? ",\"detected\":true" : ",\"detected\":false")
      append("condition", "\(check.condition)", to: &text)
      append("why", "\(check.why)", to: &text)
      append("remedy", "\(check.remedy)", to: &text)
      append("source", "\(check.source)", to: &text)
      text.append(ascii: "}")
    }
    text.append(ascii: "]}\n")
    return text
  }

  /// `{"grades":[{"route":…,"grade":…,"mode":…,…}]}`, in the order of the settings.
  static func grades(_ grades: [RouteGrade]) -> [UInt8] {
    var text = [UInt8](ascii: "{\"grades\":[")
    for (number, grade) in grades.enumerated() {
      text.append(ascii: number == 0 ? "\n{\"route\":" : ",\n{\"route\":")
      text.append(jsonString: grade.route)
      append("grade", grade.grade, to: &text)
      append("mode", grade.mode, to: &text)
      append("binding", grade.binding, to: &text)
      append("proves", grade.proves, to: &text)
      append("lacks", grade.lacks, to: &text)
      append("next", grade.next, to: &text)
      text.append(ascii: "}")
    }
    text.append(ascii: "]}\n")
    return text
  }

  static func index() -> String {
    let width = AdminEndpoint.allCases.map(\.rawValue.count).max() ?? 0
    return AdminEndpoint.allCases.map { endpoint in
      let gap = String(repeating: " ", count: width - endpoint.rawValue.count)
      return "\(endpoint.isAction ? "POST" : "GET ") \(endpoint.rawValue)\(gap)  \(endpoint.help)\n"
    }.joined()
  }
}
