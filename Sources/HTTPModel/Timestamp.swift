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
    let fraction = Int(moment.milliseconds - seconds * 1000)
    // `2026-03-01T09:08:07.006Z`
    var text: InlineArray<24, UInt8> = [
      0, 0, 0, 0, 0x2D, 0, 0, 0x2D, 0, 0, 0x54, 0, 0, ASCII.colon, 0, 0, ASCII.colon, 0, 0, 0x2E,
      0, 0, 0, 0x5A,
    ]
    text.put(digitPair: date.year / 100, at: 0)
    text.put(digitPair: date.year, at: 2)
    text.put(digitPair: date.month, at: 5)
    text.put(digitPair: date.day, at: 8)
    text.put(digitPair: Int(secondOfDay / 3600), at: 11)
    text.put(digitPair: Int(secondOfDay / 60 % 60), at: 14)
    text.put(digitPair: Int(secondOfDay % 60), at: 17)
    text.put(digitPair: fraction / 10, at: 20)
    text[22] = ASCII.zero + UInt8(fraction % 10)
    append(text.span)
  }
}

extension InlineArray<24, UInt8> {
  /// Writes the last two decimal digits of a number that is not negative.
  fileprivate mutating func put(digitPair value: Int, at place: Int) {
    self[place] = ASCII.zero + UInt8(value / 10 % 10)
    self[place + 1] = ASCII.zero + UInt8(value % 10)
  }
}
