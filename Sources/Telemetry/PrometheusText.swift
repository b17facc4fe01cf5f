internal import Primitives

/// The pieces of the Prometheus text format, version 0.0.4.
extension [UInt8] {
  /// Appends the `# HELP` and `# TYPE` lines of a metric.
  mutating func append(headOf row: MetricRow, type: StaticString) {
    append(ascii: "# HELP ")
    append(contentsOf: row.name.utf8)
    append(ASCII.space)
    append(escaped: row.help, quotes: false)
    append(ascii: "\n# TYPE ")
    append(contentsOf: row.name.utf8)
    append(ASCII.space)
    append(ascii: type)
    append(ASCII.lineFeed)
  }

  /// Appends the name and the labels of a sample and the space before its value. `bound` is the
  /// `le` label of a bucket in nanoseconds, `UInt64.max` for the one without bound.
  mutating func append(
    sample row: MetricRow, _ suffix: StaticString, _ values: [String], bound: UInt64? = nil
  ) {
    append(contentsOf: row.name.utf8)
    append(ascii: suffix)
    var separator = UInt8(ascii: "{")
    for (label, value) in zip(row.labels, values) {
      append(separator)
      separator = ASCII.comma
      append(contentsOf: label.utf8)
      append(ascii: "=\"")
      append(escaped: value, quotes: true)
      append(ASCII.quote)
    }
    if let bound {
      append(separator)
      separator = ASCII.comma
      append(ascii: "le=\"")
      if bound == .max {
        append(ascii: "+Inf")
      } else {
        append(Int64(clamping: bound), in: .nanoseconds)
      }
      append(ASCII.quote)
    }
    if separator == ASCII.comma { append(UInt8(ascii: "}")) }
    append(ASCII.space)
  }

  /// Appends a value as a decimal number; nanoseconds as seconds, exactly, without trailing zeros.
  mutating func append(_ value: Int64, in unit: MetricUnit) {
    if value < 0 { append(UInt8(ascii: "-")) }
    guard unit == .nanoseconds else {
      append(decimal: value.magnitude)
      return
    }
    append(decimal: value.magnitude / 1_000_000_000)
    var fraction = value.magnitude % 1_000_000_000
    guard fraction > 0 else { return }
    append(UInt8(ascii: "."))
    var weight: UInt64 = 100_000_000
    while fraction > 0 {
      append(ASCII.zero + UInt8(fraction / weight))
      fraction %= weight
      weight /= 10
    }
  }

  /// Appends text with `\` and line feeds escaped, in label values also `"`.
  private mutating func append(escaped text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case ASCII.backslash: append(ascii: #"\\"#)
      case ASCII.lineFeed: append(ascii: #"\n"#)
      case ASCII.quote where quotes: append(ascii: #"\""#)
      default: append(byte)
      }
    }
  }
}
