/// How much a peer may send of each thing before it is refused. Sizes are bytes.
///
/// The defaults suit browsers and services with large cookies and tokens; each is a setting.
/// Whatever is set, `ceiling` bounds what an offset into a head can be.
package struct WireLimits: Equatable, Sendable {
  /// No limit counts for more than this, whatever is set: offsets into a head are 32 bits wide.
  package static let ceiling = 16 << 20
  /// The longest field name that can be, whatever is set: its length is kept in 16 bits.
  package static let fieldNameCeiling = 0xFFFF

  /// A request line without its CR LF; longer is 414.
  package var requestLine = 8 << 10
  /// A status line without its CR LF.
  package var statusLine = 2 << 10
  /// A head from its first byte to the CR LF CR LF that ends it; longer is 431.
  package var head = 32 << 10
  /// One field line without its CR LF; longer is 431.
  package var fieldLine = 16 << 10
  /// The name of a field; longer is 431.
  package var fieldName = 256
  /// The number of field lines in a head; more is 431.
  package var fieldLines = 100
  /// A method; longer is 501.
  package var method = 32
  /// A chunk size and its extensions, without the CR LF.
  package var chunkLine = 256
  /// All chunk extensions of one message together (RFC 9112 §7.1.1 asks for a limit on the total).
  package var chunkExtensions = 16 << 10
  /// A trailer section, with the empty line that ends it.
  package var trailers = 8 << 10
  /// The number of field lines in a trailer section.
  package var trailerLines = 32
  /// The number of protocols in an `Upgrade` field.
  package var upgradeProtocols = 8

  package init() {}

  var boundedHead: Int { min(head, Self.ceiling) }
  var boundedFieldName: Int { min(fieldName, Self.fieldNameCeiling) }
}
