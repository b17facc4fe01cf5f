internal import CLinux
internal import Glibc

/// A host name could not be turned into addresses.
package struct NameLookupError: Error, Hashable, Sendable, CustomStringConvertible {
  package let host: String
  /// The value of `getaddrinfo`'s `EAI_…`.
  package let code: Int32

  package init(host: String, code: Int32) {
    self.host = host
    self.code = code
  }

  package var description: String {
    let reason = unsafe gai_strerror(code).map { unsafe String(cString: $0) } ?? "unknown reason"
    return "Looking up \(host) failed: \(reason) (\(code))."
  }
}

/// Asks the system for the addresses of host names.
package enum NameLookup {
  /// All addresses of `host`, in the system's order of preference, each once. Blocks, for seconds
  /// when name servers are silent: never to be called on a loop.
  package static func addresses(
    of host: String, port: UInt16
  ) throws(NameLookupError) -> [SocketAddress] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else { throw NameLookupError(host: host, code: code) }
    defer { unsafe freeaddrinfo(list) }
    var found: [SocketAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      if let address = unsafe address(in: entry.pointee)?.withPort(port), !found.contains(address) {
        found.append(address)
      }
      unsafe next = entry.pointee.ai_next
    }
    guard !found.isEmpty else { throw NameLookupError(host: host, code: EAI_NONAME) }
    return found
  }

  private static func address(in entry: addrinfo) -> SocketAddress? {
    guard let pointer = unsafe entry.ai_addr,
      unsafe entry.ai_family == AF_INET || entry.ai_family == AF_INET6,
      unsafe Int(entry.ai_addrlen) <= MemoryLayout<sockaddr_storage>.size
    else { return nil }
    var storage = sockaddr_storage()
    unsafe withUnsafeMutableBytes(of: &storage) { bytes in
      unsafe bytes.copyMemory(
        from: UnsafeRawBufferPointer(start: pointer, count: Int(entry.ai_addrlen)))
    }
    return unsafe SocketAddress(storage, length: entry.ai_addrlen)
  }
}
