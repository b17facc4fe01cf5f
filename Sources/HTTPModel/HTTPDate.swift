package import Primitives

/// Dates as HTTP writes them (RFC 9110 §5.6.7): always GMT, to the second.
package enum HTTPDate {
  private static let dayNames = [UInt8](ascii: "SunMonTueWedThuFriSat")
  private static let monthNames = [UInt8](ascii: "JanFebMarAprMayJunJulAugSepOctNovDec")

  /// The first and the last second that four digits of a year can name.
  private static let expressible = Int64(-62_167_219_200)...253_402_300_799

  /// The preferred form, 29 bytes: `Sun, 06 Nov 1994 08:49:37 GMT`. What lies outside of the years
  /// 0 to 9999 becomes the nearest moment within.
  package static func format(_ time: WallTime) -> [UInt8] {
    let seconds = min(max(time.secondsSinceEpoch, expressible.lowerBound), expressible.upperBound)
    let days = floorDivide(seconds, 86_400)
    let secondOfDay = seconds - days * 86_400
    let (year, month, day) = civil(fromDays: days)
    let weekday = Int(((days + 4) % 7 + 7) % 7)
    var result: [UInt8] = []
    result.reserveCapacity(29)
    result.append(contentsOf: dayNames[weekday * 3..<weekday * 3 + 3])
    result.append(ascii: ", ")
    result.append(twoDigits: day)
    result.append(ASCII.space)
    result.append(contentsOf: monthNames[(month - 1) * 3..<month * 3])
    result.append(ASCII.space)
    result.append(twoDigits: year / 100 % 100)
    result.append(twoDigits: year % 100)
    result.append(ASCII.space)
    result.append(twoDigits: Int(secondOfDay / 3600))
    result.append(ASCII.colon)
    result.append(twoDigits: Int(secondOfDay / 60 % 60))
    result.append(ASCII.colon)
    result.append(twoDigits: Int(secondOfDay % 60))
    result.append(ascii: " GMT")
    return result
  }

  /// The moment a date names in any of the three forms RFC 9110 §5.6.7 demands of a recipient, or
  /// nil.
  ///
  /// Names of days and months and `GMT` are read in any case, as RFC 9111 §4.2 asks of caches; no
  /// other zone, white space or number of digits is.
  ///
  /// `now` decides the century of a two-digit year: one more than 50 years ahead is past.
  package static func parse(_ text: some Collection<UInt8>, now: WallTime) -> WallTime? {
    let bytes = Array(text)
    return parse(bytes.span, now: now)
  }

  /// The same for what fields hold, without generic code.
  package static func parse(_ text: ArraySlice<UInt8>, now: WallTime) -> WallTime? {
    parse(text.span, now: now)
  }

  /// The same for borrowed bytes: copies and allocates nothing.
  package static func parse(_ text: Span<UInt8>, now: WallTime) -> WallTime? {
    switch text.count {
    case 29: parsePreferred(text)
    case 24: parseAsctime(text)
    default: parseRFC850(text, now: now)
    }
  }

  // `Sun, 06 Nov 1994 08:49:37 GMT`
  private static func parsePreferred(_ text: Span<UInt8>) -> WallTime? {
    guard isDayName(text, at: 0), text[3] == ASCII.comma, text[4] == ASCII.space,
      text[7] == ASCII.space, text[11] == ASCII.space, text[16] == ASCII.space,
      isZone(text, at: 25), let day = number(text, 5..<7), let month = monthNumber(text, at: 8),
      let year = number(text, 12..<16), let clock = clockSeconds(text, at: 17)
    else { return nil }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  // `Sun Nov  6 08:49:37 1994`
  private static func parseAsctime(_ text: Span<UInt8>) -> WallTime? {
    let dayStart = text[8] == ASCII.space ? 9 : 8
    guard isDayName(text, at: 0), text[3] == ASCII.space, text[7] == ASCII.space,
      text[10] == ASCII.space, text[19] == ASCII.space, let month = monthNumber(text, at: 4),
      let day = number(text, dayStart..<10), let clock = clockSeconds(text, at: 11),
      let year = number(text, 20..<24)
    else { return nil }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  // `Sunday, 06-Nov-94 08:49:37 GMT`, of which the name of the day may be 6 to 9 letters long.
  private static func parseRFC850(_ text: Span<UInt8>, now: WallTime) -> WallTime? {
    let comma = text.count - 24
    guard (6...9).contains(comma), isDayName(text, at: 0), text[comma] == ASCII.comma else {
      return nil
    }
    for index in 0..<comma where text[index] == ASCII.comma { return nil }
    let start = comma + 1
    guard text[start] == ASCII.space, text[start + 3] == 0x2D, text[start + 7] == 0x2D,
      text[start + 10] == ASCII.space, isZone(text, at: start + 19),
      let day = number(text, start + 1..<start + 3), let month = monthNumber(text, at: start + 4),
      let shortYear = number(text, start + 8..<start + 10),
      let clock = clockSeconds(text, at: start + 11)
    else { return nil }
    let thisYear = civil(fromDays: floorDivide(now.secondsSinceEpoch, 86_400)).year
    var year = thisYear / 100 * 100 + shortYear
    if year > thisYear + 50 { year -= 100 }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  /// Three letters as one number, the small ones for either case.
  private static func letters(_ text: Span<UInt8>, at start: Int) -> UInt32 {
    let first = UInt32(text[start]) << 16
    return first | UInt32(text[start + 1]) << 8 | UInt32(text[start + 2]) | 0x20_2020
  }

  private static func isDayName(_ text: Span<UInt8>, at start: Int) -> Bool {
    switch letters(text, at: start) {
    // sun, mon, tue, wed, thu, fri, sat
    case 0x73_756E, 0x6D_6F6E, 0x74_7565, 0x77_6564, 0x74_6875, 0x66_7269, 0x73_6174: true
    default: false
    }
  }

  private static func monthNumber(_ text: Span<UInt8>, at start: Int) -> Int? {
    switch letters(text, at: start) {
    case 0x6A_616E: 1  // jan
    case 0x66_6562: 2  // feb
    case 0x6D_6172: 3  // mar
    case 0x61_7072: 4  // apr
    case 0x6D_6179: 5  // may
    case 0x6A_756E: 6  // jun
    case 0x6A_756C: 7  // jul
    case 0x61_7567: 8  // aug
    case 0x73_6570: 9  // sep
    case 0x6F_6374: 10  // oct
    case 0x6E_6F76: 11  // nov
    case 0x64_6563: 12  // dec
    default: nil
    }
  }

  /// Whether a space and `GMT` in any case stand there.
  private static func isZone(_ text: Span<UInt8>, at start: Int) -> Bool {
    text[start] == ASCII.space && letters(text, at: start + 1) == 0x67_6D74
  }

  private static func number(_ text: Span<UInt8>, _ digits: Range<Int>) -> Int? {
    var value = 0
    for index in digits {
      guard ASCII.isDigit(text[index]) else { return nil }
      value = value * 10 + Int(text[index] - ASCII.zero)
    }
    return value
  }

  // `08:49:37`; a second of 60 is a leap second.
  private static func clockSeconds(_ text: Span<UInt8>, at start: Int) -> Int? {
    guard text[start + 2] == ASCII.colon, text[start + 5] == ASCII.colon,
      let hour = number(text, start..<start + 2), let minute = number(text, start + 3..<start + 5),
      let second = number(text, start + 6..<start + 8), hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func moment(year: Int, month: Int, day: Int, secondOfDay: Int) -> WallTime? {
    guard day >= 1, day <= daysInMonth(month, of: year) else { return nil }
    let seconds =
      days(fromYear: year, month: month, day: day) * 86_400 + Int64(secondOfDay)
    // A leap second at the end of 9999 would be a moment that cannot be written down again.
    return WallTime(secondsSinceEpoch: min(seconds, expressible.upperBound))
  }

  private static func daysInMonth(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : (value - divisor + 1) / divisor
  }

  // Days from 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years whose
  // years begin in March, so that the leap day comes last.
  private static func days(fromYear year: Int, month: Int, day: Int) -> Int64 {
    let shifted = Int64(month <= 2 ? year - 1 : year)
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let monthFromMarch = Int64((month + 9) % 12)
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + Int64(day) - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func civil(fromDays days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    let month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
    let year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    return (year, month, day)
  }
}

extension [UInt8] {
  /// Appends a number 0...99 as two digits.
  fileprivate mutating func append(twoDigits value: Int) {
    append(ASCII.zero + UInt8(value / 10 % 10))
    append(ASCII.zero + UInt8(value % 10))
  }
}
