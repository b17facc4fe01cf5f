import Configuration
import Testing

/// Files that settings name: where they do, for those who find that a file is of no use.
@Suite struct NamedFileTests {
  private func load() -> Loaded {
    Settings.load(
      TableFiles.name,
      from: TableFiles(
        """
        listeners:
          - address: 127.0.0.1:8443
            tls: { certificate: a.pem, key: a.key }
          - address: 127.0.0.1:8444
            tls: { certificate: a.pem, key: a.key }
        services: { auth: { origins: [ http://127.0.0.1:9000 ] } }
        routes: [ { match: {}, service: auth } ]

        """))
  }

  @Test func `a file that is of no use is pointed at where it is named first`() throws {
    var loaded = load()
    #expect(loaded.settings != nil, "\(loaded.diagnostics)")
    for _ in 0..<2 {
      loaded.cannotUse("\(TableFiles.directory)/a.key", owner: "listener", "the key is bad")
    }
    #expect(loaded.settings == nil)
    let errors = loaded.diagnostics.filter { $0.code == "unusable-file" }
    #expect(
      errors.map { $0.rendered() } == [
        """
        error[unusable-file]: the key is bad
         --> \(TableFiles.name):3:37
          |
        3 |     tls: { certificate: a.pem, key: a.key }
          |                                     ^^^^^
        """
      ])
  }

  @Test func `a file that no line names is told with what needs it`() {
    var loaded = load()
    loaded.cannotUse("/etc/other", owner: "service auth", "it is empty")
    #expect(loaded.diagnostics.last?.message == "service auth: it is empty")
    #expect(loaded.diagnostics.last?.place == nil)
  }

  @Test func `what only this machine lacks is a warning where it is named`() throws {
    var loaded = Settings.load(
      TableFiles.name,
      from: TableFiles(
        """
        listeners: [ { address: "unix:run/proxy.sock" } ]
        services: { auth: { origins: [ http://127.0.0.1:9000 ] } }
        routes: [ { match: {}, service: auth } ]
        audit: { log: findings.jsonl }

        """))
    loaded.doubts("\(TableFiles.directory)/findings.jsonl", owner: "audit", "no such directory")
    loaded.doubts("\(TableFiles.directory)/run/proxy.sock", owner: "listener", "not writable")
    loaded.doubts(nil, owner: "process", "there is no user x")
    #expect(loaded.settings != nil)
    let told = loaded.diagnostics.filter { $0.code == "not-here" }
    #expect(told.allSatisfy { $0.severity == .warning })
    #expect(
      told.map(\.message) == [
        "no such directory", "not writable", "process: there is no user x",
      ])
    #expect(told.map { $0.place?.line } == [4, 1, nil])
  }
}
