package import Primitives

/// Moments as logs write them (RFC 3339 §5.6): UTC, to the millisecond.
extension [UInt8] {
  /// Appends 24 bytes: `2026-03-01T09:08:07.006Z`. Years past 9999 and before 0 are clamped to the
  /// last and the first moment that four digits can tell.
  package mutating func append(timestamp time: WallTime) {
    let clamped = Swift.min(Swift.max(time.milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let moment = WallTime(milliseconds: clamped)
    let seconds = moment.secondsSinceEpoch
    let days = HTTPDate.floorDivide(seconds, 86_400)
    let secondOfDay = seconds - days * 86_400
    let date = HTTPDate.civil(fromDays: days)
    append(digitPair: date.year / 100)
    append(digitPair: date.year % 100)
    append(0x2D)
    append(digitPair: date.month)
    append(0x2D)
    append(digitPair: date.day)
    append(0x54)
    append(digitPair: Int(secondOfDay / 3600))
    append(ASCII.colon)
    append(digitPair: Int(secondOfDay / 60 % 60))
    append(ASCII.colon)
    append(digitPair: Int(secondOfDay % 60))
    append(0x2E)
    let fraction = Int(moment.milliseconds - seconds * 1000)
    append(ASCII.zero + UInt8(fraction / 100 % 10))
    append(digitPair: fraction % 100)
    append(0x5A)
  }

  private mutating func append(digitPair value: Int) {
    append(ASCII.zero + UInt8(value / 10 % 10))
    append(ASCII.zero + UInt8(value % 10))
  }
}
