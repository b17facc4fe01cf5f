package import HTTPModel

/// What an operator's rules make of the key: which parts of the query count, and what of the
/// request's fields counts besides (RFC 9111 §2 lets a cache use a richer key).
///
/// Dropping parameters of the query that change the answer serves one client another's answer:
/// `check` warns.
package struct KeyRules: Sendable, Equatable {
  /// Which parameters of the query are part of the key.
  package enum QueryRule: Sendable, Equatable {
    /// All, byte for byte.
    case asItIs
    /// All but those of these names.
    case dropping(names: [[UInt8]])
    /// Those of these names only.
    case keeping(names: [[UInt8]])
    /// None.
    case none
  }

  /// A part of the key that comes from the request's fields.
  package struct Part: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
      case field(FieldName)
      /// The cookie of this name, compared byte by byte.
      case cookie([UInt8])
    }

    package let source: Source
    /// Whether the value stands in the key as a keyed digest only. Always so for cookies and for
    /// fields that carry credentials.
    package let isSecret: Bool

    package init(_ source: Source, isSecret: Bool = false) {
      self.source = source
      let carriesCredentials =
        switch source {
        case .cookie: true
        case .field(let name):
          name.known?.carriesCredentials ?? CredentialFields.contain(name.bytes)
        }
      self.isSecret = isSecret || carriesCredentials
    }
  }

  package var query: QueryRule = .asItIs
  /// Whether the order of parameters means nothing: they stand in the key sorted by their bytes.
  package var sortsQuery = false
  package var parts: [Part] = []

  package init() {}

  /// Whether the key is the target as it came.
  package var isPlain: Bool { query == .asItIs && !sortsQuery && parts.isEmpty }
}

extension KnownField {
  /// Whether a request says by it who asks: its value is written down nowhere.
  var carriesCredentials: Bool {
    self == .authorization || self == .cookie || self == .proxyAuthorization
  }
}
