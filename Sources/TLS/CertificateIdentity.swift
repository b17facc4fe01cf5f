internal import COpenSSL
package import Cryptography
internal import Primitives

/// Who a certificate says its holder is. The bytes are the certificate's, checked only for form:
/// who vouches for them is the matter of the handshake.
package struct CertificateIdentity: Equatable, Sendable {
  /// The subject's distinguished name as RFC 2253 spells it, in printable ASCII: everything else is
  /// escaped, so it can stand in a field value.
  package let subject: [UInt8]

  /// The subject's common name in UTF-8. Nil when there is none, or more than one, since readers
  /// then differ in which one counts.
  package let commonName: [UInt8]?

  /// Alternative names of type `dNSName`, in the certificate's order and spelling (RFC 5280
  /// §4.2.1.6).
  package let dnsNames: [[UInt8]]

  /// Alternative names of type `uniformResourceIdentifier`: SPIFFE identities, for example.
  package let uris: [[UInt8]]

  /// Alternative names of type `rfc822Name`.
  package let emailAddresses: [[UInt8]]

  /// The SHA-256 digest of the certificate's DER form.
  package let fingerprint: Digest256

  /// Takes `certificate` apart. Nil when a name has a zero byte or is no text, or when its bytes
  /// cannot be digested: whose form is wrong has no identity.
  init?(_ certificate: OpaquePointer) {
    guard let fingerprint = unsafe Self.fingerprint(of: certificate),
      let name = unsafe X509_get_subject_name(certificate),
      let subject = unsafe Self.distinguishedName(name),
      let commonNames = unsafe Self.commonNames(name)
    else { return nil }
    let names = unsafe AlternativeNames(of: certificate)
    let all = [commonNames, names.dns, names.uris, names.emails].joined()
    guard !all.contains(where: { $0.contains(0) }) else { return nil }
    self.subject = subject
    self.commonName = commonNames.count == 1 ? commonNames.first : nil
    self.dnsNames = names.dns
    self.uris = names.uris
    self.emailAddresses = names.emails
    self.fingerprint = fingerprint
  }

  private static func fingerprint(of certificate: OpaquePointer) -> Digest256? {
    OpenSSLErrors.clear()
    var encoded: UnsafeMutablePointer<UInt8>?
    let count = unsafe i2d_X509(certificate, &encoded)
    defer { unsafe CRYPTO_free(encoded, nil, 0) }
    guard count > 0, let encoded = unsafe encoded else { return nil }
    let span = unsafe Span(_unsafeStart: encoded, count: Int(count))
    return try? SHA256.digest(of: span)
  }

  private static func distinguishedName(_ name: OpaquePointer) -> [UInt8]? {
    OpenSSLErrors.clear()
    guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
    defer { unsafe BIO_free_all(bio) }
    guard unsafe X509_NAME_print_ex(bio, name, 0, shim_XN_FLAG_RFC2253) >= 0 else { return nil }
    var start: UnsafePointer<CChar>?
    let count = unsafe shim_BIO_get_mem_data(bio, &start)
    guard count > 0, let start = unsafe start else { return [] }
    return unsafe UnsafeBufferPointer(start: start, count: count).map(UInt8.init(bitPattern:))
  }

  private static func commonNames(_ name: OpaquePointer) -> [[UInt8]]? {
    var found: [[UInt8]] = []
    var index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, -1)
    while index >= 0 {
      guard let entry = unsafe X509_NAME_get_entry(name, index),
        let text = unsafe utf8(X509_NAME_ENTRY_get_data(entry))
      else { return nil }
      found.append(text)
      index = unsafe X509_NAME_get_index_by_NID(name, NID_commonName, index)
    }
    return found
  }

  private static func utf8(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
    OpenSSLErrors.clear()
    var text: UnsafeMutablePointer<UInt8>?
    let count = unsafe ASN1_STRING_to_UTF8(&text, string)
    defer { unsafe CRYPTO_free(text, nil, 0) }
    guard count >= 0, let text = unsafe text else { return nil }
    return unsafe Array(UnsafeBufferPointer(start: text, count: Int(count)))
  }
}

/// The alternative names of a certificate that are text.
struct AlternativeNames {
  private(set) var dns: [[UInt8]] = []
  private(set) var uris: [[UInt8]] = []
  private(set) var emails: [[UInt8]] = []

  init(of certificate: OpaquePointer) {
    OpenSSLErrors.clear()
    guard let list = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
      return
    }
    let names = OpaquePointer(list)
    defer { unsafe GENERAL_NAMES_free(names) }
    for index in unsafe 0..<max(OPENSSL_sk_num(names), 0) {
      unsafe add(OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self))
    }
  }

  private mutating func add(_ name: UnsafeMutablePointer<GENERAL_NAME>?) {
    var type: Int32 = 0
    guard let name = unsafe name, let value = unsafe GENERAL_NAME_get0_value(name, &type) else {
      return
    }
    guard [GEN_DNS, GEN_URI, GEN_EMAIL].contains(type) else { return }
    let string = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
    let bytes = unsafe Array(
      UnsafeBufferPointer(
        start: ASN1_STRING_get0_data(string), count: Int(max(ASN1_STRING_length(string), 0))))
    switch type {
    case GEN_DNS: dns.append(bytes)
    case GEN_URI: uris.append(bytes)
    default: emails.append(bytes)
    }
  }
}
