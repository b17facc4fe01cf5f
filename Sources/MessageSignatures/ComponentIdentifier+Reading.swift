internal import Primitives
internal import RawStructuredFieldValues

extension ComponentIdentifier {
  /// What the parameters of an identifier said.
  private struct Parameters {
    var isOfRequest = false
    var isStrict = false
    var isWrapped = false
    var member: [UInt8]?
    var name: [UInt8]?

    init(_ parameters: OrderedMap<String, RFC9651BareItem>) throws(SignatureFault) {
      for (key, value) in parameters { try take(key, value) }
    }

    private mutating func take(_ key: String, _ value: RFC9651BareItem) throws(SignatureFault) {
      switch (key, value) {
      case ("req", .bool(true)): isOfRequest = true
      case ("sf", .bool(true)): isStrict = true
      case ("bs", .bool(true)): isWrapped = true
      case ("tr", .bool(true)): throw .componentOfTrailer
      case ("key", .string(let text)): member = Array(text.utf8)
      case ("name", .string(let text)): name = Array(text.utf8)
      // A parameter of another kind, or one that nobody here knows.
      case ("req", _), ("sf", _), ("bs", _), ("tr", _), ("key", _), ("name", _):
        throw .componentMalformed
      default: throw .componentUnknown
      }
    }
  }

  /// Reads an identifier as it is written, for an operator's list: `"@method";req`.
  package init(parsing text: [UInt8]) throws(SignatureFault) {
    // As the only member of a list, so that nothing in it can occur twice either.
    let whole = [UInt8](ascii: "x=(") + text + [0x29]
    guard case .innerList(let list)? = try StructuredDictionary([whole[...]]).members["x"],
      let item = list.bareInnerList.first, list.bareInnerList.count == 1,
      list.rfc9651Parameters.count == 0
    else { throw .componentMalformed }
    try self.init(item)
  }

  /// Whether the signature of a response can cover this.
  package var isOfAnswers: Bool {
    switch subject {
    case .derived(.status), .field: true
    case .derived, .queryParameter: isOfRequest
    }
  }

  /// Reads one member of a list of covered components.
  init(_ item: Item) throws(SignatureFault) {
    guard case .string(let name) = item.rfc9651BareItem else { throw .componentMalformed }
    let parameters = try Parameters(item.rfc9651Parameters)
    let bytes = Array(name.utf8)
    let text = try StructuredText.value(.item(item))
    if bytes.first == 0x40 {
      try self.init(derived: bytes, parameters, text: text)
    } else {
      try self.init(field: bytes, parameters, text: text)
    }
  }

  private init(
    derived name: [UInt8], _ parameters: Parameters, text: [UInt8]
  ) throws(SignatureFault) {
    let isQueryParameter = name.equals("@query-param")
    let derived = DerivedComponent.allCases.first { name.equals($0.name) }
    // Among the unknown ones is `@signature-params`, which covers itself already (RFC 9421 §2.3).
    guard isQueryParameter || derived != nil else { throw .componentUnknown }
    guard !parameters.isStrict, !parameters.isWrapped, parameters.member == nil,
      isQueryParameter == (parameters.name != nil)
    else { throw .componentMalformed }
    guard derived != .status || !parameters.isOfRequest else { throw .componentMisplaced }
    let subject: Subject =
      derived.map { .derived($0) } ?? .queryParameter(parameters.name ?? [])
    self.init(
      subject: subject, form: .plain, isOfRequest: parameters.isOfRequest, text: text)
  }

  private init(
    field name: [UInt8], _ parameters: Parameters, text: [UInt8]
  ) throws(SignatureFault) {
    guard !name.isEmpty, name.count <= 256, parameters.name == nil,
      name.allSatisfy({ ASCII.isTokenCharacter($0) && ASCII.lowercased($0) == $0 })
    else { throw .componentMalformed }
    let form: Form
    switch (parameters.member, parameters.isStrict, parameters.isWrapped) {
    case (nil, false, false): form = .plain
    case (nil, true, false): form = .strict
    case (nil, false, true): form = .wrapped
    case (let member?, let strict, false): form = .member(member, besideStrict: strict)
    // `bs` takes the lines as they are, the others what they mean.
    case (_, _, true): throw .componentMalformed
    }
    self.init(
      subject: .field(name), form: form, isOfRequest: parameters.isOfRequest, text: text)
  }
}
