/// The floors of the house, from the ground up. The one place where they are written down for the
/// tests; `ARCHITECTURE.md` says what they are for.
enum Floor: Int, CaseIterable {
  case pure, store, edge, proof, transport, proxy, operators, command

  /// Which floors a target here may import, its own included (SwiftPM itself refuses a circle).
  var reachable: Set<Floor> {
    switch self {
    case .pure: [.pure]
    case .store: [.pure, .store]
    case .edge: [.pure, .edge]
    case .proof: [.pure, .edge, .proof]
    case .transport: [.pure, .store, .edge, .transport]
    case .proxy: [.pure, .store, .edge, .proof, .transport, .proxy]
    case .operators: [.pure, .store, .edge, .proof, .transport, .proxy, .operators]
    case .command: Set(Floor.allCases)
    }
  }
}

/// A target, the floor it lives on, and what it may import that is not of this house.
struct House {
  let target: String
  let floor: Floor
  let outside: Set<String>

  static let table = [
    House("Primitives", .pure),
    House("HTTPModel", .pure),
    House("HTTPWire", .pure),
    House("CachePolicy", .pure, ["RawStructuredFieldValues"]),
    House("MessageSignatures", .pure, ["RawStructuredFieldValues"]),
    House("Verdict", .pure),
    House("Audit", .pure),
    House("CacheStore", .store, ["Synchronization"]),
    House("Platform", .edge, ["CLinux", "Glibc", "Synchronization"]),
    House("Cryptography", .edge, ["COpenSSL", "Synchronization"]),
    House("TLS", .edge, ["COpenSSL", "Glibc", "Synchronization"]),
    House("HTTP2", .edge, ["CNGHTTP2"]),
    House("JOSE", .proof),
    House("EventLoop", .transport, ["Dispatch", "Synchronization"]),
    House("Transport", .transport, ["Dispatch", "Synchronization"]),
    House("DiskTier", .transport, ["Dispatch", "Synchronization"]),
    House("Telemetry", .transport, ["Dispatch", "Logging", "Synchronization"]),
    House("Configuration", .proxy, ["Foundation", "Yams"]),
    House("Proxy", .proxy, ["Dispatch", "Logging", "Synchronization"]),
    House("CarelessCaches", .operators, ["Synchronization"]),
    House("Admin", .operators, ["Dispatch", "Logging", "Synchronization"]),
    House(
      "Command", .command,
      ["ArgumentParser", "Dispatch", "Foundation", "Logging", "Synchronization"]),
    House("countersign", .command),
  ]

  /// System libraries: C, imported by the edge alone, and by nothing else under any name.
  static let systemLibraries: Set = ["CLinux", "COpenSSL", "CNGHTTP2"]

  /// Libraries from outside that do no more than compute, each read through and argued for in a
  /// decision: structured fields (decision 0013).
  static let pureLibraries: Set = ["RawStructuredFieldValues"]

  static func row(of target: String) -> House? { table.first { $0.target == target } }

  private init(_ target: String, _ floor: Floor, _ outside: Set<String> = []) {
    self.target = target
    self.floor = floor
    self.outside = outside
  }
}
