package import Primitives

/// What one loop may hold open to one origin, and how long an exchange waits for a connection.
///
/// Every number is per loop and per origin: a process with four loops opens up to four times as
/// many.
package struct OriginPoolLimits: Sendable, Hashable {
  /// Connections in any state: being opened, idle, leased. At least 1.
  package var connections: Int
  /// Connections kept open with nothing to do. 0 keeps none.
  package var idleConnections: Int
  /// How long a connection may stay idle before it is closed. Should be shorter than the origin's
  /// own limit: who closes last sends no request into a closing connection.
  package var idleAge: Milliseconds
  /// How long after its opening a connection is still reused: longer, and a changed address or
  /// certificate of the origin would never be noticed.
  package var age: Milliseconds
  /// How many exchanges may wait for a connection. 0 refuses at once where none is to be had.
  package var queueLength: Int
  /// How long an exchange waits for a connection, the time to open one included.
  package var queueWait: Milliseconds

  package init(
    connections: Int = 256, idleConnections: Int = 64, idleAge: Milliseconds = Milliseconds(30_000),
    age: Milliseconds = Milliseconds(600_000), queueLength: Int = 1024,
    queueWait: Milliseconds = Milliseconds(5_000)
  ) {
    self.connections = max(connections, 1)
    self.idleConnections = max(idleConnections, 0)
    self.idleAge = idleAge
    self.age = age
    self.queueLength = max(queueLength, 0)
    self.queueWait = queueWait
  }
}
