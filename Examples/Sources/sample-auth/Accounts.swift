internal import Dispatch
internal import Foundation
internal import GRDB

/// A person who can log in.
struct Account: Codable, FetchableRecord {
  let id: Int64
  let name: String
}

private struct StoredAccount: Codable, FetchableRecord {
  let id: Int64
  let name: String
  let password: String
}

/// What an access token says when it is asked about (RFC 7662 §2.2).
struct TokenRecord: Codable, FetchableRecord {
  let accountID: Int64
  let name: String
  let issuedAt: Int64
  let expiresAt: Int64
}

/// The people, applications and tokens, in SQLite. Neither passwords nor tokens are kept as they
/// are: the former as scrypt hashes, the latter, which are random, as SHA-256 digests.
struct Accounts: Sendable {
  /// How long an access token is good for, in seconds.
  static let tokenLifetime: Int64 = 3600

  private let database: DatabaseQueue
  private let cost: PasswordHash.Cost
  /// What a password is checked against when nobody has that name, so that both answers take the
  /// same time.
  private let decoy: PasswordHash

  /// Opens the database at `path`, or one in memory when nil, and creates what is missing.
  ///
  /// - Parameter cost: Of passwords that are hashed from now on.
  init(path: String?, cost: PasswordHash.Cost = .customary) throws {
    self.cost = cost
    database = try path.map { try DatabaseQueue(path: $0) } ?? DatabaseQueue()
    decoy = try PasswordHash(hashing: "nobody's password", cost: cost)
    try database.write { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS account (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL);
          CREATE TABLE IF NOT EXISTS application (
            name TEXT PRIMARY KEY, secret TEXT NOT NULL);
          CREATE TABLE IF NOT EXISTS token (
            digest BLOB PRIMARY KEY,
            accountID INTEGER NOT NULL REFERENCES account(id) ON DELETE CASCADE,
            issuedAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL);
          """)
    }
  }

  /// Adds a person unless that name or number is taken.
  func addAccount(id: Int64, name: String, password: String) throws {
    let hash = try PasswordHash(hashing: password, cost: cost).text
    try database.write {
      try $0.execute(
        sql: "INSERT OR IGNORE INTO account (id, name, password) VALUES (?, ?, ?)",
        arguments: [id, name, hash])
    }
  }

  /// Adds an application unless that name is taken.
  func addApplication(name: String, secret: String) throws {
    let hash = try PasswordHash(hashing: secret, cost: cost).text
    try database.write {
      try $0.execute(
        sql: "INSERT OR IGNORE INTO application (name, secret) VALUES (?, ?)",
        arguments: [name, hash])
    }
  }

  /// The person whom this name and password belong to, or nil.
  func account(name: String, password: String) async throws -> Account? {
    let stored = try await database.read {
      try StoredAccount.fetchOne(
        $0, sql: "SELECT id, name, password FROM account WHERE name = ?", arguments: [name])
    }
    guard try await matches(password, storedAs: stored?.password), let stored else { return nil }
    return Account(id: stored.id, name: stored.name)
  }

  /// Whether this name and secret are those of the application.
  func isApplication(name: String, secret: String) async throws -> Bool {
    let stored = try await database.read {
      try String.fetchOne(
        $0, sql: "SELECT secret FROM application WHERE name = ?", arguments: [name])
    }
    return try await matches(secret, storedAs: stored)
  }

  /// Gives a person a new password and ends every session; nil when nobody has that name.
  func resetPassword(of name: String, to password: String) async throws -> Account? {
    let hash = try await offTheEventLoop { [cost] in
      try PasswordHash(hashing: password, cost: cost).text
    }
    return try await database.write { database in
      try database.execute(
        sql: "UPDATE account SET password = ? WHERE name = ?", arguments: [hash, name])
      let account = try Account.fetchOne(
        database, sql: "SELECT id, name FROM account WHERE name = ?", arguments: [name])
      if let account {
        try database.execute(
          sql: "DELETE FROM token WHERE accountID = ?", arguments: [account.id])
      }
      return account
    }
  }

  /// A new access token for this person: 256 random bits.
  func issueToken(for account: Account) async throws -> String {
    let token = Data(try Randomness.bytes(32)).base64URLEncodedString
    let now = Int64(Date().timeIntervalSince1970)
    try await database.write {
      try $0.execute(
        sql: "INSERT INTO token (digest, accountID, issuedAt, expiresAt) VALUES (?, ?, ?, ?)",
        arguments: [
          Digest.sha256(Array(token.utf8)), account.id, now, now + Self.tokenLifetime,
        ])
    }
    return token
  }

  /// Takes this token back. Tells whether it was good for anything.
  func revoke(_ token: String) async throws -> Bool {
    try await database.write { database in
      try database.execute(
        sql: "DELETE FROM token WHERE digest = ?", arguments: [Digest.sha256(Array(token.utf8))])
      return database.changesCount > 0
    }
  }

  /// What is known of this token, or nil when it was never issued, was revoked, or has expired.
  func record(of token: String) async throws -> TokenRecord? {
    let now = Int64(Date().timeIntervalSince1970)
    return try await database.read {
      try TokenRecord.fetchOne(
        $0,
        sql: """
          SELECT accountID, name, issuedAt, expiresAt FROM token
          JOIN account ON account.id = accountID WHERE digest = ? AND expiresAt > ?
          """,
        arguments: [Digest.sha256(Array(token.utf8)), now])
    }
  }

  private func matches(_ secret: String, storedAs text: String?) async throws -> Bool {
    let stored = text.flatMap { PasswordHash(text: $0) }
    let matched = try await offTheEventLoop { [decoy] in try (stored ?? decoy).matches(secret) }
    return matched && stored != nil
  }

  /// Runs what takes a quarter of a second of a processor where it holds nobody up.
  private func offTheEventLoop<Result: Sendable>(
    _ work: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(with: Swift.Result { try work() })
      }
    }
  }
}
