internal import CachePolicy
internal import HTTPWire
internal import Primitives

// The keys of the sections about the program as a whole.

extension Section<CacheSettings> {
  static var cache: Section<CacheSettings> {
    Section(
      name: "cache", about: "The store, shared by all services.",
      keys: [
        Key(
          "profile", \.profile, .cacheProfile,
          "strict: what has cost people their sessions is off. "
            + "conformant: all that RFC 9111 allows a shared cache."),
        Key(
          "memory", \.memoryBytes, .size(1 << 20, 1 << 40),
          "What stored responses may take together."),
        Key(
          "max_object", \.objectBytes, .size(1 << 10, 1 << 32),
          "The largest response that is stored, head and body."),
        Key(
          "max_variants", \.variants, .integer(1...256),
          "How many responses are kept for one key, where they vary."),
        Key(
          "status_key", \.showsKey, .boolean,
          "Whether Cache-Status tells the key: scheme, host, path and query, nothing of fields "
            + "and cookies (RFC 9211 §2.8)."),
        Key(
          optional: "disk", \.disk, Section<DiskCacheSettings>.disk.form,
          "Keeps stored responses on a disk, too, across restarts. Without it: in memory only."
        ),
      ],
      blank: { CacheSettings() },
      check: { cache, places, reading in
        if cache.objectBytes > cache.memoryBytes {
          reading.error(
            "out-of-range", "one response cannot be larger than the whole store",
            at: places.value("max_object"))
        }
        guard let disk = cache.disk else { return }
        if disk.bytes < cache.memoryBytes {
          reading.warn(
            "small-disk", "the disk keeps less than the memory does", at: places.value("disk"),
            help: "give it a 'size' of several times 'memory'")
        }
        if cache.objectBytes + DiskCacheSettings.headRoom > disk.bytes / 4 {
          reading.warn(
            "small-disk", "the largest responses are not kept on this disk",
            at: places.value("disk"), help: "'size' should be several times 'max_object'")
        }
      })
  }
}

extension Section<DiskCacheSettings> {
  static var disk: Section<DiskCacheSettings> {
    Section(
      name: "disk", about: "Where stored responses are kept across restarts.",
      keys: [
        Key(
          "directory", \.directory, .path, isRequired: true,
          "A directory for this process alone. It is made, mode 0700, where it is missing."),
        Key(
          "size", \.bytes, .size(16 << 20, 1 << 44),
          "What all files in it may take together. The oldest go first."),
        Key(
          "max_responses", \.responses, .integer(1_000...100_000_000),
          "How many responses are kept; each takes about 150 bytes of memory."),
      ],
      blank: { DiskCacheSettings() })
  }
}

extension Form<CacheProfile> {
  static var cacheProfile: Form<CacheProfile> {
    .choice([("strict", .strict), ("conformant", .conformant)])
  }
}

extension Section<ReplaySettings> {
  static var replay: Section<ReplaySettings> {
    Section(
      name: "replay", about: "The memory of what serves once: identifiers, codes, sessions.",
      keys: [
        Key(
          "entries", \.entries, .integer(16...100_000_000),
          "How many are remembered at most, some 90 bytes each. Only a restart changes it."),
        Key(
          "when_full", \.whenFull, .words,
          "refuse: what cannot be remembered is refused. report: it passes, with a finding."),
      ],
      blank: { ReplaySettings() })
  }
}

extension Section<AuditSettings> {
  static var audit: Section<AuditSettings> {
    Section(
      name: "audit", about: "Findings, one JSON object a line. Secrets are never in them.",
      keys: [
        Key(
          "log", \.log, .logDestination,
          "Where they go: a path (reopened on SIGUSR1), stderr or off."),
        Key(
          "required", \.isRequired, .boolean,
          "Whether the program refuses to start when the log cannot be written."),
      ],
      blank: { AuditSettings() },
      check: { audit, places, reading in
        if audit.log == .off {
          reading.warn(
            "no-audit", "no finding is kept, refused replays included", at: places.value("log"),
            help: "write a path, or stderr")
        }
      })
  }
}

extension Section<AccessLogSettings> {
  static var accessLog: Section<AccessLogSettings> {
    Section(
      name: "access_log", about: "One JSON object a line for each exchange.",
      keys: [
        Key(
          "log", \.destination, .logDestination,
          "Where they go: a path (reopened on SIGUSR1), stderr or off."),
        Key(
          "paths", \.paths, .words,
          "redacted: without long codes in paths. whole: as sent. Queries are never written."),
      ],
      blank: { AccessLogSettings() })
  }
}

extension Section<LogSettings> {
  static var log: Section<LogSettings> {
    Section(
      name: "log", about: "The operational log, on standard error.",
      keys: [
        Key("level", \.level, .words, "What is worth a line."),
        Key("format", \.format, .words, "text: for people. json: one object a line."),
      ],
      blank: { LogSettings() })
  }
}

extension Section<AdminSettings> {
  static var admin: Section<AdminSettings> {
    Section(
      name: "admin", about: "The listener for metrics, /healthz and /readyz.",
      keys: [
        Key(
          "address", \.address, .listenAddress,
          "unix:PATH, or ADDRESS:PORT together with a token."),
        Key(
          optional: "token_file", \.tokenFile, .path,
          "The file with the bearer token; needed with ADDRESS:PORT."),
      ],
      blank: { AdminSettings() },
      check: { admin, places, reading in
        if case .ip = admin.address, !places.has("token_file") {
          reading.error(
            "admin-token", "an admin listener on TCP needs a bearer token",
            at: places.value("address"),
            help: "add 'token_file: PATH', or listen on unix:PATH")
        }
      })
  }
}

extension Section<ClientTimeouts> {
  static var clientTimeouts: Section<ClientTimeouts> {
    let longest = Milliseconds(3_600_000)
    let least = Milliseconds(10)
    return Section(
      name: "timeouts", about: "How long the proxy waits for clients.",
      keys: [
        Key(
          "request_head", \.requestHead, .duration(least, longest),
          "For a whole request head, from its first byte."),
        Key(
          "request_body", \.requestBody, .duration(least, longest),
          "For further bytes of a request body."),
        Key(
          "write", \.write, .duration(least, longest), "For a client to take bytes of a response."),
        Key(
          "keep_alive", \.keepAlive, .duration(Milliseconds(0), longest),
          "For the next request on a connection."),
        Key("handshake", \.handshake, .duration(least, longest), "For a TLS handshake."),
      ],
      blank: { ClientTimeouts() })
  }
}

extension Section<ProcessSettings> {
  static var process: Section<ProcessSettings> {
    Section(
      name: "process", about: "The process itself.",
      keys: [
        Key(
          "loops", \.loops, .loops, "How many event loops run; auto: one a core."),
        Key(
          optional: "user", \.user, .name("a user", example: "countersign"),
          "Whose rights the process keeps once it listens."),
        Key(
          optional: "group", \.group, .name("a group", example: "countersign"),
          "The group it keeps. Without this key: the user's own."),
        Key(
          "shutdown_grace", \.shutdownGrace, .duration(Milliseconds(0), Milliseconds(3_600_000)),
          "How long exchanges may take to finish after SIGTERM."),
      ],
      blank: { ProcessSettings() },
      check: { process, places, reading in
        if process.group != nil, process.user == nil {
          reading.error("no-user", "'group' needs 'user'", at: places.key("group"))
        }
      })
  }
}

extension Form<Int?> {
  static var loops: Form<Int?> {
    let number = Form<Int>.integer(1...1_024)
    return Form(shape: .either([.choice(["auto"]), number.shape])) { tree, reading in
      if tree.content == .text("auto", isPlain: true) { return .some(nil) }
      guard case .text(let text, _) = tree.content, text.utf8.decimalValue() != nil else {
        tree.mismatch(.either([.choice(["auto"]), number.shape]), &reading)
        return nil
      }
      return number.read(tree, &reading).map { .some($0) }
    } write: { value in
      value.map(number.write) ?? .plain("auto")
    }
  }
}

extension Section<LimitSettings> {
  static var limits: Section<LimitSettings> {
    Section(
      name: "limits", about: "How much of each thing peers may send.",
      keys: [
        Key(
          "connections", \.connections, .integer(1...10_000_000),
          "Client connections open at once, all listeners counted."),
        Key(
          "requests_per_connection", \.requestsPerConnection, .integer(1...1_000_000_000),
          "Requests on one client connection before it is closed."),
        Key(
          "request_body", \.requestBodyBytes, .orOff(.bytes),
          "The largest request body; a route may say otherwise. off: no limit."),
      ] + wire,
      blank: { LimitSettings() },
      check: { limits, places, reading in
        for key in ["request_line", "field_line"] {
          let bytes = key == "request_line" ? limits.wire.requestLine : limits.wire.fieldLine
          if places.has(key), bytes > limits.wire.head {
            reading.error(
              "out-of-range", "'\(key)' cannot be larger than 'head'", at: places.value(key))
          }
        }
      })
  }

  private static var wire: [Key<LimitSettings>] {
    let largest = WireLimits.ceiling
    return [
      Key("head", \.wire.head, .size(1 << 10, largest), "A head, from its first byte to its last."),
      Key("request_line", \.wire.requestLine, .size(64, largest), "A request line."),
      Key("status_line", \.wire.statusLine, .size(64, largest), "A status line of a server."),
      Key("field_line", \.wire.fieldLine, .size(64, largest), "One header field."),
      Key(
        "field_name", \.wire.fieldName, .size(16, WireLimits.fieldNameCeiling),
        "The name of a header field."),
      Key("fields", \.wire.fieldLines, .integer(8...10_000), "Header fields in one message."),
      Key("method", \.wire.method, .size(7, 1_024), "A method."),
      Key(
        "chunk_line", \.wire.chunkLine, .size(16, 64 << 10), "A chunk's size and its extensions."),
      Key(
        "chunk_extensions", \.wire.chunkExtensions, .size(0, 16 << 20),
        "All chunk extensions of one message."),
      Key("trailers", \.wire.trailers, .size(2, largest), "A trailer section."),
      Key(
        "trailer_fields", \.wire.trailerLines, .integer(0...10_000),
        "Fields in a trailer section."),
      Key(
        "upgrade_protocols", \.wire.upgradeProtocols, .integer(1...100),
        "Protocols in an Upgrade field."),
    ]
  }
}

extension Form<Int64> {
  /// A number of bytes without an upper bound that matters.
  static var bytes: Form<Int64> {
    let size = Form<Int>.size(0, 1 << 50)
    return Form(shape: size.shape) { tree, reading in
      size.read(tree, &reading).map { Int64($0) }
    } write: {
      size.write(Int(clamping: $0))
    }
  }
}
