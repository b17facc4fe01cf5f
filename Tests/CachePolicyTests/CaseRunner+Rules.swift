import CachePolicy
import HTTPModel
import Primitives
import Testing

// The rules of a row: `rules: PROFILE`, and what differs from it below.
extension CaseRunner {
  mutating func readRules(_ step: PolicyCase.Step) {
    rules = CacheRules(profile: step.argument == "conformant" ? .conformant : .strict)
    for (name, value) in step.fields where !readSwitch(name, value) && !readRare(name, value) {
      Issue.record("\(row.file):\(step.line): no such rule as '\(name)'")
    }
  }

  private mutating func readSwitch(_ name: String, _ value: String) -> Bool {
    let isOn = value == "yes"
    switch name {
    case "enabled": rules.isEnabled = isOn
    case "default-ttl": rules.defaultTTL = seconds(value)
    case "maximum-ttl": rules.maximumTTL = seconds(value)
    case "stale-if-error": rules.staleIfError = seconds(value)
    case "stale-while-revalidate": rules.staleWhileRevalidate = seconds(value)
    case "request-directives": rules.honoursRequestDirectives = isOn
    case "set-cookie": rules.storesSetCookie = isOn
    case "heuristics": rules.heuristics = value == "off" ? .off : .everyListedStatus
    case "authorized": rules.sharesWithAuthorized = isOn
    case "cookies": rules.cookies = .ignoring(names: words(value))
    case "parts": rules.storesParts = isOn
    case "range-limit": rules.rangeLimit = UInt8(value) ?? 0
    case "post": rules.storesPost = isOn
    case "searches": rules.usesNoVarySearch = isOn
    case "targeted-lift": rules.targetedFieldsLiftNoStore = isOn
    case "by-meaning": rules.comparesNegotiationByMeaning = isOn
    case "disconnected": rules.servesStaleWhenDisconnected = isOn
    case "must-understand": rules.mustUnderstandLiftsNoStore = isOn
    case "weakened": rules.weakened = weakened(value)
    default: return false
    }
    return true
  }

  private mutating func readRare(_ name: String, _ value: String) -> Bool {
    switch name {
    case "bypass-fields": rules.bypass.fields = words(value).compactMap { FieldName($0) }
    case "bypass-cookies": rules.bypass.cookies = words(value)
    case "drop-parameters": rules.keys.query = .dropping(names: words(value))
    case "keep-parameters": rules.keys.query = .keeping(names: words(value))
    case "query": rules.keys.query = value == "none" ? .none : .asItIs
    case "sort-parameters": rules.keys.sortsQuery = value == "yes"
    case "targeted": rules.targetedFields = words(value).compactMap { FieldName($0) }
    case "codings": rules.vary.codings = words(value)
    case "languages": rules.vary.languages = words(value)
    case "vary-cookies": rules.vary.cookies = words(value)
    case "status-ttl": rules.statusTTLs.append(contentsOf: statusTTL(value))
    case "key-fields":
      rules.keys.parts += words(value).compactMap { FieldName($0) }
        .map { KeyRules.Part(.field($0)) }
    case "key-cookies": rules.keys.parts += words(value).map { KeyRules.Part(.cookie($0)) }
    default: return false
    }
    return true
  }

  private func weakened(_ text: String) -> WeakenedRules {
    let names: [String: WeakenedRules] = [
      "no-store": .storesDespiteNoStore, "private": .storesDespitePrivate,
      "no-cache": .reusesDespiteNoCache, "must-revalidate": .servesStaleDespiteMustRevalidate,
      "request-no-store": .storesDespiteRequestNoStore,
      "default-ttl": .defaultTTLOverridesResponse,
    ]
    return WeakenedRules(text.split(separator: " ").compactMap { names[String($0)] })
  }

  /// `FIRST-LAST DEFAULT MAXIMUM`, each time in seconds or `-`.
  private func statusTTL(_ text: String) -> [StatusTTL] {
    let words = text.split(separator: " ")
    let ends = words[0].split(separator: "-").compactMap { UInt16($0) }
    guard words.count == 3, let first = ends.first, let last = ends.last else { return [] }
    return [
      StatusTTL(
        statuses: first...last, defaultTTL: Int64(words[1]).map { Seconds($0) },
        maximumTTL: Int64(words[2]).map { Seconds($0) })
    ]
  }

  func words(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }
}
