/// The connections themselves, by the names their pool gave them.
///
/// The pool decides with names only; the shell keeps what the names stand for here. One lookup is
/// one index and one comparison.
package struct ConnectionTable<Connection> {
  private var entries: [Entry?] = []

  private struct Entry {
    let generation: UInt32
    let connection: Connection
  }

  package init() {}

  /// The connection by this name, or nil when the name is stale or unknown.
  package subscript(id: OriginConnectionID) -> Connection? {
    guard entries.indices.contains(id.place), let entry = entries[id.place],
      entry.generation == id.generation
    else { return nil }
    return entry.connection
  }

  /// Remembers a connection under the name its pool gave it.
  package mutating func insert(_ connection: Connection, as id: OriginConnectionID) {
    while entries.count <= id.place { entries.append(nil) }
    entries[id.place] = Entry(generation: id.generation, connection: connection)
  }

  /// Forgets a connection and returns it, or nil when the name is stale or unknown.
  package mutating func remove(_ id: OriginConnectionID) -> Connection? {
    guard let connection = self[id] else { return nil }
    entries[id.place] = nil
    return connection
  }
}
