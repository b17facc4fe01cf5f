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
    case "key-fields":
      rules.keys.parts += words(value).compactMap { FieldName($0) }
        .map { KeyRules.Part(.field($0)) }
    case "key-cookies": rules.keys.parts += words(value).map { KeyRules.Part(.cookie($0)) }
    default: return false
    }
    return true
  }

  func words(_ text: String) -> [[UInt8]] { text.split(separator: " ").map { Array($0.utf8) } }
}
