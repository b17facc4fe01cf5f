package import HTTPModel
internal import Primitives

/// Why a response that is no decision, as far as anybody can tell, is kept out of the store all the
/// same.
package enum WithholdingReason: UInt8, CaseIterable, Hashable, Sendable {
  /// Coded, or JSON that is longer than what is looked at: it may be a decision.
  case unseen
  /// A page that shows signs of one user.
  case personalPage
  /// A page where an asset or a document was asked for.
  case unexpectedPage
  /// An error about the request itself: for who sent it, and not for all who ask for the same.
  case refusedRequest
}

/// What the content of a response says, as far as it is at hand.
package enum ContentFinding: Hashable, Sendable {
  /// Nothing can be said before more has come.
  case needsMore
  case decision(DecisionSign)
  /// To be delivered, not stored.
  case withheld(WithholdingReason)
  /// Nothing speaks against storing.
  case nothing
}

/// Looks at the first bytes of a response's content for what its head does not say.
///
/// Under `plain` only JSON is looked at. An auth service may write a verdict under any media type,
/// so there the first significant byte says what content is, and the label only what it is when it
/// is no JSON.
package struct ContentInspection: Sendable {
  private let kind: ServiceKind
  private let label: ContentLabel
  private let isCoded: Bool
  /// Whether the response would be stored if nothing is found.
  private let isStorable: Bool
  private let isPageExpected: Bool
  private let showsUser: Bool
  /// Whether it is a part of something (206).
  private let isPart: Bool
  /// Whether the content is longer than what is looked at, by its own account.
  private let isLong: Bool

  /// - Parameters:
  ///   - head: A head in which `classify` found no sign.
  ///   - isDeclared: Whether the operator declared the route cacheable.
  ///   - isStorable: Whether the head allows storing.
  ///   - length: What the content's framing says of its length.
  package init(
    of head: ResponseHead, to request: RequestHead, kind: ServiceKind, isDeclared: Bool,
    isStorable: Bool, length: Int64?
  ) {
    self.kind = kind
    label = ContentLabel(of: head.fields)
    isCoded = ContentCoding.isCoded(head.fields)
    isPart = head.status == .partialContent
    self.isStorable = isStorable
    isLong = length.map { $0 > Int64(maximumClassifiedBodyBytes) } ?? false
    guard kind == .auth, isStorable else {
      (isPageExpected, showsUser) = (true, false)
      return
    }
    isPageExpected =
      isDeclared || classify(request, declaration: .nothing, kind: kind) == .other(.signInPage)
    showsUser = request.carriesCredential || head.fields.contains(.setCookie)
  }

  /// - Parameters:
  ///   - content: All that came so far.
  ///   - isWhole: Whether nothing follows.
  package func finding(in content: Span<UInt8>, isWhole: Bool) -> ContentFinding {
    if isPart, kind == .plain { return label == .json ? .withheld(.unseen) : .nothing }
    guard kind == .auth else { return findingInPlain(content, isWhole: isWhole) }
    let finding = findingInAuth(content, isWhole: isWhole)
    // From a part nobody can tell what the whole says, and parts are put together in the store.
    return isPart && finding == .nothing && label != .asset ? .withheld(.unseen) : finding
  }

  private func findingInAuth(_ content: Span<UInt8>, isWhole: Bool) -> ContentFinding {
    if isCoded {
      // What is left is what no verdict is written as.
      return label == .asset || label == .script || isWhole && content.isEmpty
        ? .nothing : .withheld(.unseen)
    }
    guard isStorable || label == .json || label == .unspecific || label == .page else {
      return .nothing
    }
    let start = startOfText(content)
    let text = content.extracting(start...)
    let isEnough = isWhole || content.count > maximumClassifiedBodyBytes
    // The longest word that is looked for at the start is `false`, and it must end there.
    guard text.count > 5 || isEnough else { return .needsMore }
    guard start <= maximumClassifiedBodyBytes else { return .withheld(.unseen) }
    guard !text.isEmpty else { return .nothing }
    return finding(
      inText: text, isWhole: isWhole && !isLongerThanLimit(content), isEnough: isEnough)
  }

  private func isLongerThanLimit(_ content: Span<UInt8>) -> Bool {
    content.count > maximumClassifiedBodyBytes
  }

  private func findingInPlain(_ content: Span<UInt8>, isWhole: Bool) -> ContentFinding {
    guard label == .json, !isCoded, !isLong else { return .nothing }
    guard content.count <= maximumClassifiedBodyBytes else { return .nothing }
    guard isWhole else { return .needsMore }
    guard !content.isEmpty, let sign = signInJSON(content, kind: kind) else { return .nothing }
    return .decision(sign)
  }

  // MARK: Auth services

  private func finding(
    inText text: Span<UInt8>, isWhole: Bool, isEnough: Bool
  ) -> ContentFinding {
    switch text[0] {
    case 0x7B, 0x5B: return findingInJSON(text, isWhole: isWhole, isEnough: isEnough)
    case 0x3C: return findingInMarkup(text, isEnough: isEnough)
    // The marks of UTF-16 and UTF-32: nobody here reads them.
    case 0xFE, 0xFF: return label == .asset ? .nothing : .withheld(.unseen)
    default: break
    }
    if isWhole, isLoneWord(text) { return .decision(.decisionMember) }
    if !label.isOftenNoJSON, BodyScan.begins(with: "eyJ", text) {
      return .decision(.verdictMediaType)
    }
    if label == .json, isWhole {
      return signInJSON(text, kind: kind).map { .decision($0) } ?? .nothing
    }
    guard isStorable, label != .asset else { return .nothing }
    if label == .page { return findingInPage(text, isEnough: isEnough) }
    guard isEnough else { return .needsMore }
    if label == .script { return findingInScript(text) }
    let issues =
      BodyScan.hasField("access_token", in: text) || BodyScan.hasField("id_token", in: text)
    return issues ? .decision(.tokensIssued) : .nothing
  }

  private func findingInJSON(
    _ text: Span<UInt8>, isWhole: Bool, isEnough: Bool
  ) -> ContentFinding {
    guard isEnough else { return .needsMore }
    if isWhole {
      let sign = signInJSON(text, kind: kind)
      guard let sign, sign != .unreadableJSON || !label.isOftenNoJSON else { return .nothing }
      return .decision(sign)
    }
    let opening = JSONOpening(text)
    if let sign = opening.sign { return .decision(sign) }
    return opening.isPublicDocument || label.isOftenNoJSON ? .nothing : .withheld(.unseen)
  }

  private func findingInScript(_ text: Span<UInt8>) -> ContentFinding {
    // `callback({"active":true})`, `var answer = {…}`.
    var brace = 0
    while brace < min(text.count, Self.scriptOpeningBytes), text[brace] != 0x7B { brace += 1 }
    guard brace < text.count, text[brace] == 0x7B else { return .nothing }
    return JSONOpening(text.extracting(brace...)).sign.map { .decision($0) } ?? .nothing
  }

  /// How far into a script its first brace counts as the beginning of a value.
  private static let scriptOpeningBytes = 256

  private func findingInMarkup(_ text: Span<UInt8>, isEnough: Bool) -> ContentFinding {
    guard let root = MarkupRoot(text) else { return isEnough ? .withheld(.unseen) : .needsMore }
    if root.isNamed("html") || label == .page {
      return isStorable ? findingInPage(text, isEnough: isEnough) : .nothing
    }
    if root.isNamed("response") || root.isNamed("assertion") || root.isNamed("logoutresponse") {
      return .decision(.samlResponse)
    }
    return root.isNamed("envelope") ? .withheld(.unseen) : .nothing
  }

  private func findingInPage(_ text: Span<UInt8>, isEnough: Bool) -> ContentFinding {
    guard isPageExpected else { return .withheld(.unexpectedPage) }
    if showsUser { return .withheld(.personalPage) }
    guard isEnough else { return .needsMore }
    return Self.personalWords.contains { BodyScan.hasText($0, in: text) }
      ? .withheld(.personalPage) : .nothing
  }

  /// What is in pages for one visitor only: the tokens of forms by the names frameworks give them,
  /// and verdicts written into scripts.
  private static let personalWords: [StaticString] = [
    "csrf", "CSRF", "xsrf", "XSRF", "authenticity_token", "__RequestVerificationToken",
    "__VIEWSTATE", "SAMLResponse", "access_token\"", "id_token\"", "\"authenticated\":true",
    "\"authorized\":true", "logout", "Log out", "Sign out",
  ]

  // MARK: Beginnings

  /// Where the text begins after a byte order mark and white space.
  private func startOfText(_ content: Span<UInt8>) -> Int {
    var start = 0
    if content.count >= 3, content[0] == 0xEF, content[1] == 0xBB, content[2] == 0xBF { start = 3 }
    while start < content.count, content[start] <= ASCII.space { start += 1 }
    return start
  }

  /// Whether the text is `true` or `false` and nothing else.
  private func isLoneWord(_ text: Span<UInt8>) -> Bool {
    var end = text.count
    while end > 0, text[end - 1] <= ASCII.space { end -= 1 }
    return end == 4 && BodyScan.begins(with: "true", text)
      || end == 5 && BodyScan.begins(with: "false", text)
  }
}

/// The name of the outermost element of HTML or XML, without its prefix.
struct MarkupRoot {
  private var name: [UInt8] = []

  /// Nil while the name is not at hand.
  init?(_ text: Span<UInt8>) {
    var position = 0
    while true {
      while position < text.count, text[position] != 0x3C { position += 1 }
      guard position + 1 < text.count else { return nil }
      position += 1
      if BodyScan.begins(with: "!--", text.extracting(position...)) {
        guard let end = Self.endOfComment(text, from: position) else { return nil }
        position = end
      } else if text[position] == 0x21, position + 8 < text.count,
        BodyScan.begins(with: "!doctype", text.extracting(position...), ignoringCase: true)
      {
        // `<!DOCTYPE html` says it all; another one has its element after it.
        let rest = text.extracting((position + 8)...)
        guard rest.count > 5 else { return nil }
        if BodyScan.begins(with: " html", rest, ignoringCase: true) {
          name = [UInt8](ascii: "html")
          return
        }
      } else if text[position] == 0x21, position + 8 >= text.count {
        return nil
      } else if text[position] != 0x3F, text[position] != 0x21 {
        break
      }
    }
    guard let read = Self.name(in: text, from: position) else { return nil }
    name = Self.isOfPage(read) ? [UInt8](ascii: "html") : read
  }

  func isNamed(_ word: StaticString) -> Bool { name[...].equals(word) }

  private static func endOfComment(_ text: Span<UInt8>, from start: Int) -> Int? {
    var position = start + 3
    while position + 2 < text.count {
      if BodyScan.begins(with: "-->", text.extracting(position...)) { return position + 3 }
      position += 1
    }
    return nil
  }

  private static func name(in text: Span<UInt8>, from start: Int) -> [UInt8]? {
    var name: [UInt8] = []
    var position = start
    while position < text.count, name.count < 64 {
      switch text[position] {
      case 0...0x20, 0x2F, 0x3E: return name
      case ASCII.colon: name.removeAll()
      case let byte: name.append(ASCII.lowercased(byte))
      }
      position += 1
    }
    return position < text.count ? name : nil
  }

  /// Elements that a page may begin with, its outermost one left out.
  private static func isOfPage(_ name: [UInt8]) -> Bool {
    let names: [StaticString] = [
      "html", "head", "body", "title", "script", "form", "div", "p", "h1", "meta", "link", "table",
    ]
    return names.contains { name[...].equals($0) }
  }
}
