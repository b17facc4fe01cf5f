import Configuration
import Testing

struct ProxyArgumentsTests {
  private func settings(_ change: (inout ProxyArguments) -> Void = { _ in }) throws -> Settings {
    var arguments = ProxyArguments(listen: "127.0.0.1:8080", origins: ["http://127.0.0.1:9000"])
    change(&arguments)
    return try arguments.settings(in: "/srv/trial").get()
  }

  private func sentences(_ change: (inout ProxyArguments) -> Void) -> [String] {
    var arguments = ProxyArguments(listen: "127.0.0.1:8080", origins: ["http://127.0.0.1:9000"])
    change(&arguments)
    guard case .failure(let error) = arguments.settings(in: "/srv/trial") else { return [] }
    return error.sentences
  }

  @Test func `the arguments are the same as a file`() throws {
    let settings = try settings {
      $0.profile = "conformant"
      $0.decisions = ["POST /login", "/check"]
      $0.requestFields = ["X-Tenant: acme", "X-Empty:"]
      $0.certificate = "tls/a.pem"
      $0.key = "/tls/a.key"
      $0.loops = 1
    }
    #expect(
      settings.yaml(onlyChanges: true) == """
        listeners:
          - address: "127.0.0.1:8080"
            tls:
              certificate: /srv/trial/tls/a.pem
              key: /tls/a.key
        services:
          origin:
            kind: plain
            origins: http://127.0.0.1:9000
        routes:
          - name: "POST /login"
            match:
              method: POST
              path: /login
            service: origin
            decision:
              subject: none
            request_fields:
              set:
                X-Tenant: acme
                X-Empty: ""
          - name: /check
            match:
              path: /check
            service: origin
            decision:
              subject: none
            request_fields:
              set:
                X-Tenant: acme
                X-Empty: ""
          - name: "everything else"
            match: {}
            service: origin
            request_fields:
              set:
                X-Tenant: acme
                X-Empty: ""
        cache:
          profile: conformant
        audit:
          required: false
        admin: off
        process:
          loops: 1

        """)
    #expect(Settings.load(TableFiles.name, from: TableFiles(settings.yaml())).settings == settings)
  }

  @Test(arguments: ["8080", ":8080", "localhost:8080", "127.0.0.1:8080"])
  func `a port alone is one of this machine`(listen: String) throws {
    let settings = try settings { $0.listen = listen }
    #expect(settings.listeners.first?.address.description == "127.0.0.1:8080")
  }

  @Test func `every wrong argument is told at once`() {
    #expect(
      sentences {
        $0.listen = "here"
        $0.origins = ["10.0.0.7:80"]
        $0.profile = "loose"
        $0.decisions = ["POST /a /b", "post /login", "login"]
        $0.requestFields = ["X-A", "Host: a", "X B: c"]
        $0.key = "a.key"
      } == [
        "--listen: a port is missing after the address (write here:8080)",
        "--origin: the address of a server begins with http://, https:// or unix:"
          + " (did you mean http://10.0.0.7:80?)",
        "--request-field: write 'Name: value', not 'X-A'",
        "--request-field: 'Host' is sent by the proxy itself",
        "--request-field: 'X B' is no name of a header field (for example X-Tenant)",
        "--decision: write 'POST /login', not 'POST /a /b'",
        "--decision: methods are written as they are sent: case counts (did you mean POST?)",
        "--decision: a pattern of paths begins with '/' (did you mean '/login'?)",
        "--profile: 'loose' is not one of 'strict' or 'conformant'",
      ])
  }

  @Test(arguments: [0, -1, 1_025])
  func `as many loops as a file may ask for`(count: Int) {
    #expect(
      sentences { $0.loops = count }.contains { $0.hasPrefix("--loops: ") }, "\(count)")
  }

  @Test func `a certificate needs a key`() {
    #expect(sentences { $0.key = "a.key" } == ["--certificate and --key belong together"])
  }
}
