package import HTTPModel
package import Primitives

/// What `Cache-Control` (RFC 9111 §5.2.1) and `Pragma` (§5.4) of a request say, conflicts resolved
/// to the stricter: the smaller `max-age` and `max-stale`, the larger `min-fresh`. A number that
/// cannot be read counts as the strictest one.
package struct RequestDirectives: Sendable, Equatable {
  package private(set) var noCache = false
  /// `Pragma: no-cache` in a request without `Cache-Control`.
  package private(set) var pragmaNoCache = false
  package private(set) var noStore = false
  package private(set) var onlyIfCached = false
  package private(set) var maxAge: Seconds?
  package private(set) var minFresh: Seconds?
  /// `max-stale` without an argument is the maximum.
  package private(set) var maxStale: Seconds?
  package private(set) var staleIfError: Seconds?

  /// Reads every line. Two bit tests where neither field is present.
  package init(_ fields: FieldSection) {
    if fields.contains(.cacheControl) {
      let storage = fields.storage
      for line in fields.lines where line.known == .cacheControl {
        read(storage.span, in: line.valueRange)
      }
    } else if fields.contains(.pragma) {
      readPragma(fields)
    }
  }

  private mutating func readPragma(_ fields: FieldSection) {
    let storage = fields.storage
    for line in fields.lines where line.known == .pragma {
      var reader = DirectiveReader(storage.span, in: line.valueRange)
      while let directive = reader.next() {
        if reader.isNamed(directive, "no-cache") { pragmaNoCache = true }
      }
    }
  }

  private mutating func read(_ bytes: Span<UInt8>, in range: Range<Int>) {
    var reader = DirectiveReader(bytes, in: range)
    while let directive = reader.next() { read(directive, from: reader) }
  }

  private mutating func read(
    _ directive: DirectiveReader.Directive, from reader: borrowing DirectiveReader
  ) {
    if reader.isNamed(directive, "no-cache") {
      noCache = true
    } else if reader.isNamed(directive, "no-store") {
      noStore = true
    } else if reader.isNamed(directive, "only-if-cached") {
      onlyIfCached = true
    } else if reader.isNamed(directive, "max-age") {
      maxAge = min(maxAge ?? .maximum, reader.seconds(directive.argument) ?? .zero)
    } else if reader.isNamed(directive, "min-fresh") {
      minFresh = max(minFresh ?? .zero, reader.seconds(directive.argument) ?? .maximum)
    } else if reader.isNamed(directive, "max-stale") {
      let limit =
        directive.argument == .none
        ? Seconds.maximum : reader.seconds(directive.argument) ?? .zero
      maxStale = min(maxStale ?? .maximum, limit)
    } else if reader.isNamed(directive, "stale-if-error") {
      staleIfError = min(
        staleIfError ?? .maximum, reader.seconds(directive.argument) ?? .zero)
    }
  }
}
