/// The connections themselves, by the names their pool gave them.
///
/// The pool decides with names only; the shell keeps what the names stand for here. One lookup is
/// one index and one comparison.
///
/// Inlinable, so that it is compiled for the connections of the shell: this is on the way of every
/// request that goes to an origin.
@usableFromInline package struct ConnectionTable<Connection> {
  @usableFromInline var entries: [Entry?] = []

  @usableFromInline struct Entry {
    @usableFromInline let generation: UInt32
    @usableFromInline let connection: Connection

    @inlinable init(generation: UInt32, connection: Connection) {
      self.generation = generation
      self.connection = connection
    }
  }

  @inlinable package init() {}

  /// The connection by this name, or nil when the name is stale or unknown.
  @inlinable package subscript(id: OriginConnectionID) -> Connection? {
    guard entries.indices.contains(id.place), let entry = entries[id.place],
      entry.generation == id.generation
    else { return nil }
    return entry.connection
  }

  /// Remembers a connection under the name its pool gave it.
  @inlinable package mutating func insert(_ connection: Connection, as id: OriginConnectionID) {
    while entries.count <= id.place { entries.append(nil) }
    entries[id.place] = Entry(generation: id.generation, connection: connection)
  }

  /// Forgets a connection and returns it, or nil when the name is stale or unknown.
  @inlinable package mutating func remove(_ id: OriginConnectionID) -> Connection? {
    guard let connection = self[id] else { return nil }
    entries[id.place] = nil
    return connection
  }
}
