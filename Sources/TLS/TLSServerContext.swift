internal import COpenSSL
internal import Cryptography
package import Primitives
internal import Synchronization

/// What a listener's TLS sessions are made from: certificates, versions, ciphers, tickets,
/// authorities.
///
/// Immutable once made; a reload makes a new one and swaps it in a `TLSServerContextReference`.
/// Sessions keep the one they began with.
///
/// `@unchecked Sendable`, proof: OpenSSL's contexts are counted references, and making sessions
/// from one in several threads is what they are for; nothing here writes to them after `init`. The
/// table is immutable, its ticket keys guard themselves.
@safe package final class TLSServerContext: @unchecked Sendable {
  private let table: ServerNameTable
  let defaultContext: OpaquePointer

  package let settings: TLSServerSettings

  /// What was wrong and let pass: certificates out of their dates under `TLSDatePolicy.warn`.
  package let warnings: [TLSLoadError]

  /// The keys of its tickets, to be rotated from a timer and passed on to the context that follows.
  package var ticketKeys: TicketKeyRing { table.ticketKeys }

  /// Reads every file and checks what belongs together. Reads files: not on a loop.
  ///
  /// - Parameters:
  ///   - now: what certificates' dates are compared with.
  ///   - dates: what is done about a certificate that is out of its dates.
  ///   - ticketKeys: the ring of the context that this one replaces, so that sessions can be
  ///     resumed;
  ///     nil makes a new one.
  /// - Throws: the first problem found. `problems(in:at:)` finds them all.
  package init(
    _ settings: TLSServerSettings, at now: WallTime, dates: TLSDatePolicy = .refuse,
    ticketKeys: TicketKeyRing? = nil
  ) throws(TLSLoadError) {
    let keys: TicketKeyRing
    if let ticketKeys { keys = ticketKeys } else { keys = try Self.makeRing(now) }
    let protocols = try ContextBuilder.wireForm(settings.applicationProtocols)
    var groups: [CredentialGroup] = []
    for files in settings.certificates {
      CredentialGroup.add(try Credential(files, at: now, dates: dates), to: &groups)
    }
    let identifier = try Self.sessionContext(settings)
    var contexts: [OwnedContext] = []
    for group in groups {
      contexts.append(try group.makeContext(settings, identifier: identifier))
    }
    let names = groups.map(\.names)
    table = unsafe ServerNameTable(
      owning: contexts.map { unsafe $0.release() }, names: names, ticketKeys: keys,
      protocols: protocols)
    guard let first = unsafe table.defaultContext else {
      throw TLSLoadError(.noCertificate, "a TLS listener needs at least one certificate")
    }
    unsafe defaultContext = first
    self.settings = settings
    warnings = groups.flatMap(\.credentials).flatMap(\.warnings)
    table.connect()
  }

  /// Every problem with `settings` that loading would meet, each once. Reads files: not on a loop.
  package static func problems(in settings: TLSServerSettings, at now: WallTime) -> [TLSLoadError] {
    var found: [TLSLoadError] = []
    for files in settings.certificates {
      do throws(TLSLoadError) { _ = try Credential(files, at: now, dates: .refuse) } catch {
        found.append(error)
      }
    }
    if let authorities = settings.clientCertificates.authorities {
      do throws(TLSLoadError) { _ = try Authorities(bundle: authorities.bundle) } catch {
        found.append(error)
      }
    }
    guard found.isEmpty else { return found }
    do throws(TLSLoadError) { _ = try TLSServerContext(settings, at: now) } catch {
      found.append(error)
    }
    return found
  }

  private static func makeRing(_ now: WallTime) throws(TLSLoadError) -> TicketKeyRing {
    do throws(CryptographyError) { return try TicketKeyRing(now: now) } catch {
      throw TLSLoadError(.library, "making session ticket keys failed: \(error.cause)")
    }
  }

  /// What a session can be resumed under: contexts that ask clients for the same proof. A ticket
  /// from before a change of the authorities is worth nothing after it.
  private static func sessionContext(
    _ settings: TLSServerSettings
  ) throws(TLSLoadError) -> [UInt8] {
    var description: [UInt8] = [1]
    if let authorities = settings.clientCertificates.authorities {
      description.append(settings.clientCertificates == .required(authorities) ? 2 : 1)
      description.append(decimal: UInt64(max(authorities.depth, 0)))
      description.append(ASCII.colon)
      description += try Authorities(bundle: authorities.bundle).fingerprints
    }
    do throws(CryptographyError) { return try SHA256.digest(of: description).bytes } catch {
      throw TLSLoadError(.library, "computing a digest failed: \(error.cause)")
    }
  }
}

/// Where a listener finds its current context: read by every loop at each accepted connection,
/// replaced by a reload.
package final class TLSServerContextReference: Sendable {
  private let context: Mutex<TLSServerContext>

  package init(_ context: TLSServerContext) { self.context = Mutex(context) }

  /// The context for connections accepted from now on.
  package var current: TLSServerContext { context.withLock { $0 } }

  /// Puts `context` in place. Connections that exist go on with theirs.
  package func replace(with context: TLSServerContext) {
    self.context.withLock { $0 = context }
  }
}
