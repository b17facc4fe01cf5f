package import Primitives

// Durations and sizes are written with their unit: a number alone would be a guess.

/// A unit of time or of bytes.
private struct Unit {
  var suffix: String
  var factor: Int64
}

private let timeUnits = [
  Unit(suffix: "ms", factor: 1), Unit(suffix: "s", factor: 1_000),
  Unit(suffix: "m", factor: 60_000), Unit(suffix: "h", factor: 3_600_000),
  Unit(suffix: "d", factor: 86_400_000),
]

private let sizeUnits = [
  Unit(suffix: "B", factor: 1), Unit(suffix: "kB", factor: 1_000),
  Unit(suffix: "KiB", factor: 1 << 10), Unit(suffix: "MB", factor: 1_000_000),
  Unit(suffix: "MiB", factor: 1 << 20), Unit(suffix: "GB", factor: 1_000_000_000),
  Unit(suffix: "GiB", factor: 1 << 30),
]

/// How quantities are written.
package enum Quantity {
  /// The largest unit that leaves a whole number: `90s`, `2m`, `1h`.
  package static func text(of duration: Milliseconds) -> String {
    text(duration.count, timeUnits, zero: "0s")
  }

  /// The largest unit that leaves a whole number: `64KiB`, `10MB`.
  package static func text(ofBytes bytes: Int64) -> String { text(bytes, sizeUnits, zero: "0B") }

  private static func text(_ value: Int64, _ units: [Unit], zero: String) -> String {
    guard value != 0 else { return zero }
    let unit = units.last { value % $0.factor == 0 } ?? units[0]
    return String(value / unit.factor) + unit.suffix
  }

  fileprivate enum Answer {
    case value(Int64)
    case noUnit
    case unknownUnit(String)
    case noNumber
  }

  /// A whole number and a unit, nothing between them. A number past `Int64` is clamped: it is out
  /// of every range.
  fileprivate static func parse(_ text: String, _ units: [Unit]) -> Answer {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty else { return .noNumber }
    let suffix = text.dropFirst(digits.count)
    guard !suffix.isEmpty else { return .noUnit }
    guard let unit = units.first(where: { $0.suffix == suffix }) else {
      return suffix.first?.isLetter == true || suffix.first == " "
        ? .unknownUnit(String(suffix)) : .noNumber
    }
    let (product, overflowed) = (Int64(digits) ?? .max).multipliedReportingOverflow(by: unit.factor)
    return .value(overflowed ? .max : product)
  }
}

/// What the forms of durations and sizes have in common.
private struct QuantityForm {
  let shape: Shape
  let units: [Unit]
  let range: ClosedRange<Int64>
  let example: String
  let write: (Int64) -> String

  func read(_ tree: Tree, _ reading: inout Reading) -> Int64? {
    guard let text = tree.scalar(shape, &reading) else { return nil }
    switch Quantity.parse(text, units) {
    case .value(let value) where range.contains(value): return value
    case .value:
      let bounds = "from \(write(range.lowerBound)) to \(write(range.upperBound))"
      reading.error("out-of-range", "this is \(bounds), not \(text)", at: tree.place)
    case .noUnit:
      reading.error(
        "no-unit", "\(shape.noun) needs a unit", at: tree.place,
        help: "write " + listedUnits(after: text))
    case .unknownUnit(let suffix): unknown(suffix, in: text, at: tree.place, &reading)
    case .noNumber:
      reading.error(
        "wrong-type", "\(shape.noun) belongs here, not '\(text.prefix(60))'", at: tree.place,
        help: "write a whole number and a unit, such as \(example)")
    }
    return nil
  }

  private func unknown(
    _ suffix: String, in text: String, at place: Tree.Place, _ reading: inout Reading
  ) {
    let digits = text.dropLast(suffix.count)
    let word = suffix.drop { $0 == " " }
    let long: [String: String] = [
      "ns": "ms", "us": "ms", "sec": "s", "secs": "s", "second": "s", "seconds": "s", "min": "m",
      "mins": "m", "minute": "m", "minutes": "m", "hour": "h", "hours": "h", "day": "d",
      "days": "d", "k": "KiB", "kb": "KiB", "kib": "KiB", "mib": "MiB", "mb": "MiB", "g": "GiB",
      "gb": "GiB", "gib": "GiB", "b": "B", "bytes": "B",
    ]
    let folded = word.lowercased()
    let guess = units.first { $0.suffix == word }?.suffix ?? long[folded]
    let known = units.map(\.suffix)
    let help = guess.flatMap { known.contains($0) ? "did you mean \(digits)\($0)?" : nil }
    reading.error(
      "unknown-unit", "'\(word)' is no unit of \(shape.noun): there are \(listed(known))",
      at: place, help: help)
  }

  private func listedUnits(after number: String) -> String {
    let all = units.filter { !["kB", "MB", "GB"].contains($0.suffix) }.map { number + $0.suffix }
    guard let last = all.last, all.count > 1 else { return all.joined() }
    return all.dropLast().joined(separator: ", ") + " or " + last
  }
}

extension Form<Milliseconds> {
  static func duration(_ low: Milliseconds, _ high: Milliseconds) -> Form<Milliseconds> {
    let range = low.count...max(low.count, high.count)
    let quantity = QuantityForm(
      shape: .duration(range), units: timeUnits, range: range, example: "30s",
      write: { Quantity.text(of: Milliseconds($0)) })
    return Form(shape: quantity.shape) { tree, reading in
      quantity.read(tree, &reading).map { Milliseconds($0) }
    } write: {
      .plain(Quantity.text(of: $0))
    }
  }
}

extension Form<Seconds> {
  /// A duration in whole seconds.
  static func seconds(_ low: Seconds, _ high: Seconds) -> Form<Seconds> {
    let whole = Form<Milliseconds>.duration(low.milliseconds, high.milliseconds)
    return Form(shape: whole.shape) { tree, reading in
      guard let value = whole.read(tree, &reading) else { return nil }
      guard value.count % 1_000 == 0 else {
        reading.error(
          "out-of-range", "this counts whole seconds", at: tree.place,
          help: "write \(value.count / 1_000)s or \(value.count / 1_000 + 1)s")
        return nil
      }
      return Seconds(value.count / 1_000)
    } write: {
      whole.write($0.milliseconds)
    }
  }
}

extension Form<Int> {
  /// A number of bytes.
  static func size(_ low: Int, _ high: Int) -> Form<Int> {
    let quantity = QuantityForm(
      shape: .size(low...max(low, high)), units: sizeUnits,
      range: Int64(low)...Int64(max(low, high)), example: "64KiB",
      write: { Quantity.text(ofBytes: $0) })
    return Form(shape: quantity.shape) { tree, reading in
      quantity.read(tree, &reading).map { Int($0) }
    } write: {
      .plain(Quantity.text(ofBytes: Int64($0)))
    }
  }
}
