import CachePolicy
import HTTPModel
import Primitives
import Testing

// What rows say about keys.
extension CaseRunner {
  func checkKeys(_ step: PolicyCase.Step) -> Bool {
    switch step.word {
    case "same-key", "other-key": checkKey(step)
    case "same-base", "other-base": checkKey(step, baseOnly: true)
    case "key-hides":
      let text = String(decoding: key(of: request, scheme: .https), as: UTF8.self)
      #expect(!text.contains(step.argument), "\(place(step))")
    case "key-shows":
      let text = String(decoding: key(of: request, scheme: .https), as: UTF8.self)
      #expect(text.contains(step.argument), "\(place(step))")
    case "same-search", "other-search": checkSearch(step)
    case "normalised":
      var fields = request.fields
      rules.vary.normalise(&fields)
      #expect(fields == section(of: step), "\(place(step))")
    case "search":
      let says = NoVarySearch(response.fields) == nil ? "nothing" : "something"
      #expect(says == step.argument, "\(place(step))")
    default: return false
    }
    return true
  }

  /// Stands for a keyed digest: tells one value from another and shows neither.
  private func digest(_ value: ArraySlice<UInt8>) -> [UInt8] {
    var sum: UInt64 = 14_695_981_039_346_656_037
    for byte in value { sum = (sum ^ UInt64(byte)) &* 1_099_511_628_211 }
    return (0..<8).map { UInt8(truncatingIfNeeded: sum >> UInt64($0 * 8)) }
  }

  private func key(of request: RequestHead, scheme: Scheme) -> [UInt8] {
    var key: [UInt8] = []
    CacheKey.write(
      for: request, scheme: scheme, rules: rules.keys, digest: digest, into: &key)
    return key
  }

  /// `same-key: SCHEME AUTHORITY TARGET`, against that of the request over https. Fields of the
  /// other request below.
  private func checkKey(_ step: PolicyCase.Step, baseOnly: Bool = false) {
    let words = step.argument.split(separator: " ").map(String.init)
    let other = RequestHead(
      method: .get, target: Array(words[2].utf8), authority: Array(words[1].utf8),
      fields: section(of: step))
    var key = key(of: request, scheme: .https)
    var otherKey = self.key(of: other, scheme: words[0] == "http" ? .http : .https)
    if baseOnly {
      key = Array(key[CacheKey.base(of: key.span)])
      otherKey = Array(otherKey[CacheKey.base(of: otherKey.span)])
    }
    #expect((key == otherKey) == step.word.hasPrefix("same"), "\(place(step))")
  }

  /// `same-search: TARGET`: whether the request's key and that of the target are one by the
  /// response's `No-Vary-Search`.
  private func checkSearch(_ step: PolicyCase.Step) {
    guard let search = NoVarySearch(response.fields) else {
      Issue.record("\(place(step)) the response says nothing about searches")
      return
    }
    #expect(NoVarySearch(encoded: search.encoded) == search, "\(place(step))")
    func key(_ request: RequestHead) -> [UInt8] {
      var key: [UInt8] = []
      CacheKey.writeSearchKey(
        for: request, scheme: .https, rules: rules.keys, digest: digest, search: search,
        into: &key)
      return key
    }
    let other = RequestHead(
      method: .get, target: Array(step.argument.utf8), authority: request.authority)
    let isSame = key(request) == key(other)
    #expect(isSame == search.areEquivalent(request.query, other.query), "\(place(step))")
    #expect(isSame == step.word.hasPrefix("same"), "\(place(step))")
  }
}
