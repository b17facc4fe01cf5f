import HTTPModel
import MessageSignatures
import Testing

/// The examples of RFC 9421: §2.4, §4.3 and appendix B.
struct SignatureVector: Sendable, CustomTestStringConvertible {
  let section: String
  let message: SignedMessage
  let input: String
  let signature: String
  let base: String
  let key: String
  /// Whether whoever signs the base with the key finds these very bytes.
  let isDeterministic: Bool

  var testDescription: String { section }

  init(
    _ section: String, _ message: SignedMessage, key: String, deterministic: Bool = false,
    input: String, base: String, signature: String
  ) {
    self.section = section
    self.message = message
    self.key = key
    isDeterministic = deterministic
    self.input = unwrapped(input)
    self.base = unwrapped(base)
    self.signature = unwrapped(signature)
  }

  static let all = requests + responses + proxies + transformations

  private static let requestDigest = """
    sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIi\\
      Yllu7BNNyealdVLvRwEmTHWXvJwew==:
    """

  static let testRequest = request(
    .post, "/foo?param=Value&Pet=dog", host: "example.com",
    [
      ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"), ("Content-Type", "application/json"),
      ("Content-Digest", requestDigest), ("Content-Length", "18"),
    ])

  static let testResponse = response(
    200,
    [
      ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"), ("Content-Type", "application/json"),
      (
        "Content-Digest",
        """
        sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5o\\
          GX69wWdXymyU0rjJuahq4l5aGgfLQ==:
        """
      ), ("Content-Length", "23"),
    ])

  private static let asked = SignedMessage(request: testRequest, scheme: .https)

  private static let requests = [
    SignatureVector(
      "B.2.1", asked, key: "test-key-rsa-pss",
      input: """
        ();created=1618884473;keyid="test-key-rsa-pss"\\
          ;nonce="b3k2pp5k7z-50gnwp.yemd"
        """,
      base: """
        "@signature-params": ();created=1618884473;keyid="test-key-rsa-pss"\\
          ;nonce="b3k2pp5k7z-50gnwp.yemd"
        """,
      signature: """
        d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx\\
          31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+ox\\
          NFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXe\\
          hhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5T\\
          mcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8s\\
          sinQ98Xw9Q==
        """),
    SignatureVector(
      "B.2.2", asked, key: "test-key-rsa-pss",
      input: """
        ("@authority" "content-digest" "@query-param";name="Pet")\\
          ;created=1618884473;keyid="test-key-rsa-pss";tag="header-example"
        """,
      base: """
        "@authority": example.com
        "content-digest": \(requestDigest)
        "@query-param";name="Pet": dog
        "@signature-params": ("@authority" "content-digest" \\
          "@query-param";name="Pet");created=1618884473\\
          ;keyid="test-key-rsa-pss";tag="header-example"
        """,
      signature: """
        LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLM\\
          lAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB0\\
          9RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkj\\
          qpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I\\
          5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4\\
          bXTugEjHSw==
        """),
    SignatureVector(
      "B.2.3", asked, key: "test-key-rsa-pss",
      input: """
        ("date" "@method" "@path" "@query" "@authority" "content-type" \\
          "content-digest" "content-length");created=1618884473\\
          ;keyid="test-key-rsa-pss"
        """,
      base: """
        "date": Tue, 20 Apr 2021 02:07:55 GMT
        "@method": POST
        "@path": /foo
        "@query": ?param=Value&Pet=dog
        "@authority": example.com
        "content-type": application/json
        "content-digest": \(requestDigest)
        "content-length": 18
        "@signature-params": ("date" "@method" "@path" "@query" \\
          "@authority" "content-type" "content-digest" "content-length")\\
          ;created=1618884473;keyid="test-key-rsa-pss"
        """,
      signature: """
        bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh\\
          1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5Gmy\\
          dPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQo\\
          Ld7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9e\\
          H8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIzts\\
          DZKEgM4cUA==
        """),
    SignatureVector(
      "B.2.5", asked, key: "test-shared-secret", deterministic: true,
      input: """
        ("date" "@authority" "content-type");created=1618884473\\
          ;keyid="test-shared-secret"
        """,
      base: """
        "date": Tue, 20 Apr 2021 02:07:55 GMT
        "@authority": example.com
        "content-type": application/json
        "@signature-params": ("date" "@authority" "content-type")\\
          ;created=1618884473;keyid="test-shared-secret"
        """,
      signature: "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8="),
    SignatureVector(
      "B.2.6", asked, key: "test-key-ed25519", deterministic: true,
      input: """
        ("date" "@method" "@path" "@authority" "content-type" \\
          "content-length");created=1618884473;keyid="test-key-ed25519"
        """,
      base: """
        "date": Tue, 20 Apr 2021 02:07:55 GMT
        "@method": POST
        "@path": /foo
        "@authority": example.com
        "content-type": application/json
        "content-length": 18
        "@signature-params": ("date" "@method" "@path" "@authority" \\
          "content-type" "content-length");created=1618884473\\
          ;keyid="test-key-ed25519"
        """,
      signature: """
        wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w\\
          6vuQv5lIp5WPpBKRCw==
        """),
  ]

  private static let busyDigest = """
    sha-512=:0Y6iCBzGg5rZtoXS95Ijz03mslf6KAMCloESHObfwnHJDbkkWWQz6PhhU\\
      9kxsTbARtY2PTBOzq24uJFpHsMuAg==:
    """

  private static let busy = SignedMessage(
    request: testRequest, scheme: .https,
    response: response(
      503,
      [
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"), ("Content-Type", "application/json"),
        ("Content-Length", "62"), ("Content-Digest", busyDigest),
      ]))

  private static let responses = [
    SignatureVector(
      "B.2.4",
      SignedMessage(request: testRequest, scheme: .https, response: testResponse),
      key: "test-key-ecc-p256",
      input: """
        ("@status" "content-type" "content-digest" "content-length")\\
          ;created=1618884473;keyid="test-key-ecc-p256"
        """,
      base: """
        "@status": 200
        "content-type": application/json
        "content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ4\\
          1QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
        "content-length": 23
        "@signature-params": ("@status" "content-type" "content-digest" \\
          "content-length");created=1618884473;keyid="test-key-ecc-p256"
        """,
      signature: """
        wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5e\\
          CdlYUEkLIj+32oiasw==
        """),
    SignatureVector(
      "2.4, first", busy, key: "test-key-ecc-p256",
      input: """
        ("@status" "content-digest" "content-type" "@authority";req \\
          "@method";req "@path";req "content-digest";req)\\
          ;created=1618884479;keyid="test-key-ecc-p256"
        """,
      base: """
        "@status": 503
        "content-digest": \(busyDigest)
        "content-type": application/json
        "@authority";req: example.com
        "@method";req: POST
        "@path";req: /foo
        "content-digest";req: \(requestDigest)
        "@signature-params": ("@status" "content-digest" "content-type" \\
          "@authority";req "@method";req "@path";req "content-digest";req)\\
          ;created=1618884479;keyid="test-key-ecc-p256"
        """,
      signature: """
        dMT/A/76ehrdBTD/2Xx8QuKV6FoyzEP/I9hdzKN8LQJLNgzU4W767HK05rx1i8meNQQg\\
          QPgQp8wq2ive3tV5Ag==
        """),
    SignatureVector(
      "2.4, second", busy, key: "test-key-ecc-p256",
      input: """
        ("@status" "content-digest" "content-type" "@authority";req \\
          "@method";req "@path";req "@query";req "content-digest";req \\
          "content-type";req "content-length";req)\\
          ;created=1618884479;keyid="test-key-ecc-p256"
        """,
      base: """
        "@status": 503
        "content-digest": \(busyDigest)
        "content-type": application/json
        "@authority";req: example.com
        "@method";req: POST
        "@path";req: /foo
        "@query";req: ?param=Value&Pet=dog
        "content-digest";req: \(requestDigest)
        "content-type";req: application/json
        "content-length";req: 18
        "@signature-params": ("@status" "content-digest" "content-type" \\
          "@authority";req "@method";req "@path";req "@query";req \\
          "content-digest";req "content-type";req "content-length";req)\\
          ;created=1618884479;keyid="test-key-ecc-p256"
        """,
      signature: """
        C73J41GVKc+TYXbSobvZf0CmNcptRiWN+NY1Or0A36ISg6ymdRN6ZgR2QfrtopFNzqAy\\
          v+CeWrMsNbcV2Ojsgg==
        """),
  ]

  // MARK: §4.3 and B.3

  private static let forwarded = SignedMessage(
    request: request(
      .post, "/foo?param=Value&Pet=dog", host: "origin.host.internal.example",
      [
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"), ("Content-Type", "application/json"),
        ("Content-Length", "18"), ("Forwarded", "for=192.0.2.123;host=example.com;proto=https"),
        ("Content-Digest", requestDigest),
      ]), scheme: .https)

  private static let clientCertificate = """
    :MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBd\\
      XRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxM\\
      TQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIz\\
      j0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5\\
      Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwA\\
      DAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCB\\
      sAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wb\\
      GUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeS\\
      kC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:
    """

  private static let terminated = SignedMessage(
    request: request(
      .post, "/foo?param=Value&Pet=dog", host: "service.internal.example",
      [
        ("Date", "Tue, 20 Apr 2021 02:07:55 GMT"), ("Content-Type", "application/json"),
        ("Content-Length", "18"), ("Client-Cert", clientCertificate),
      ]), scheme: .https)

  private static let proxies = [
    SignatureVector(
      "4.3, of the proxy", forwarded, key: "test-key-rsa", deterministic: true,
      input: """
        ("@method" "@authority" "@path" "content-digest" "content-type" \\
          "content-length" "forwarded");created=1618884480\\
          ;keyid="test-key-rsa";alg="rsa-v1_5-sha256";expires=1618884540
        """,
      base: """
        "@method": POST
        "@authority": origin.host.internal.example
        "@path": /foo
        "content-digest": \(requestDigest)
        "content-type": application/json
        "content-length": 18
        "forwarded": for=192.0.2.123;host=example.com;proto=https
        "@signature-params": ("@method" "@authority" "@path" \\
          "content-digest" "content-type" "content-length" "forwarded")\\
          ;created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256"\\
          ;expires=1618884540
        """,
      signature: """
        S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+\\
          CM5g92iHgxtRPz+MjniOaYmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11s\\
          x3G2gxI8S0jnxQB+Pu68U9vVcasqOWAEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sF\\
          nIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD3LH2TwevU+/PBP\\
          v0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrsws\\
          E1w5o0LV/g==
        """),
    SignatureVector(
      "4.3, of the client", asked, key: "test-key-ecc-p256",
      input: """
        ("@method" "@authority" "@path" "content-digest" "content-type" \\
          "content-length");created=1618884475;keyid="test-key-ecc-p256"
        """,
      base: """
        "@method": POST
        "@authority": example.com
        "@path": /foo
        "content-digest": \(requestDigest)
        "content-type": application/json
        "content-length": 18
        "@signature-params": ("@method" "@authority" "@path" \\
          "content-digest" "content-type" "content-length")\\
          ;created=1618884475;keyid="test-key-ecc-p256"
        """,
      signature: """
        X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp+kve2w4NIyqeAuM7jT\\
          DX+sNalzA8ESSaHD3A==
        """),
    SignatureVector(
      "B.3", terminated, key: "test-key-ecc-p256",
      input: """
        ("@path" "@query" "@method" "@authority" "client-cert")\\
          ;created=1618884473;keyid="test-key-ecc-p256"
        """,
      base: """
        "@path": /foo
        "@query": ?param=Value&Pet=dog
        "@method": POST
        "@authority": service.internal.example
        "client-cert": \(clientCertificate)
        "@signature-params": ("@path" "@query" "@method" "@authority" \\
          "client-cert");created=1618884473;keyid="test-key-ecc-p256"
        """,
      signature: """
        xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yz\\
          hD9ah4JHRwMLOgmizw==
        """),
  ]

  // MARK: B.4

  private static func demo(
    method: Method = .get, target: String = "/demo?name1=Value1&Name2=value2",
    host: String = "example.org", _ lines: [(String, String)]
  ) -> SignedMessage {
    SignedMessage(request: request(method, target, host: host, lines), scheme: .https)
  }

  private static func transformed(_ name: String, _ message: SignedMessage) -> SignatureVector {
    SignatureVector(
      "B.4, \(name)", message, key: "test-key-ed25519", deterministic: true,
      input: """
        ("@method" "@path" "@authority" "accept")\\
          ;created=1618884473;keyid="test-key-ed25519"
        """,
      base: """
        "@method": GET
        "@path": /demo
        "@authority": example.org
        "accept": application/json, */*
        "@signature-params": ("@method" "@path" "@authority" "accept")\\
          ;created=1618884473;keyid="test-key-ed25519"
        """,
      signature: """
        ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QM\\
          FFQ6cpLt2m0pmj3NDA==
        """)
  }

  private static let date = ("Date", "Fri, 15 Jul 2022 14:24:55 GMT")
  private static let accept = [("Accept", "application/json"), ("Accept", "*/*")]

  private static let transformations = [
    transformed("as it was", demo([date] + accept)),
    transformed(
      "more added",
      demo(
        target: "/demo?name1=Value1&Name2=value2&param=added",
        [date] + accept + [("Accept-Language", "en-US,en;q=0.5")])),
    transformed(
      "one line",
      demo([
        ("Referer", "https://developer.example.org/demo"), ("Accept", "application/json, */*"),
      ])),
    transformed("another order", demo(accept + [date])),
  ]

  /// B.4: messages for which that signature does not count.
  static let changed = [
    demo(method: .post, host: "example.com", [date] + accept), demo([date] + accept.reversed()),
  ]
}
