package import Primitives

/// Dates as HTTP writes them (RFC 9110 §5.6.7): always GMT, to the second.
package enum HTTPDate {
  private static let dayNames = [UInt8](ascii: "SunMonTueWedThuFriSat")
  private static let monthNames = [UInt8](ascii: "JanFebMarAprMayJunJulAugSepOctNovDec")

  /// The preferred form, 29 bytes: `Sun, 06 Nov 1994 08:49:37 GMT`.
  package static func format(_ time: WallTime) -> [UInt8] {
    let seconds = time.secondsSinceEpoch
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
    parse(Array(text)[...], now: now)
  }

  /// The same for what fields hold, without generic code.
  package static func parse(_ text: ArraySlice<UInt8>, now: WallTime) -> WallTime? {
    let bytes = Array(text)
    if bytes.count == 29 { return parsePreferred(bytes) }
    if bytes.count == 24 { return parseAsctime(bytes) }
    return parseRFC850(bytes, now: now)
  }

  // `Sun, 06 Nov 1994 08:49:37 GMT`
  private static func parsePreferred(_ text: [UInt8]) -> WallTime? {
    guard isDayName(text[0..<3]), text[3] == ASCII.comma, text[4] == ASCII.space,
      text[7] == ASCII.space, text[11] == ASCII.space, text[16] == ASCII.space,
      text[25...].equalsIgnoringASCIICase(" GMT"),
      let day = number(text[5..<7]), let month = monthNumber(text[8..<11]),
      let year = number(text[12..<16]), let clock = clockSeconds(text[17..<25])
    else { return nil }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  // `Sun Nov  6 08:49:37 1994`
  private static func parseAsctime(_ text: [UInt8]) -> WallTime? {
    let dayText = text[8] == ASCII.space ? text[9..<10] : text[8..<10]
    guard isDayName(text[0..<3]), text[3] == ASCII.space, text[7] == ASCII.space,
      text[10] == ASCII.space, text[19] == ASCII.space,
      let month = monthNumber(text[4..<7]), let day = number(dayText),
      let clock = clockSeconds(text[11..<19]), let year = number(text[20..<24])
    else { return nil }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  // `Sunday, 06-Nov-94 08:49:37 GMT`
  private static func parseRFC850(_ text: [UInt8], now: WallTime) -> WallTime? {
    guard let comma = text.firstIndex(of: ASCII.comma), comma >= 6, comma <= 9,
      text.count == comma + 24, isDayName(text[0..<3])
    else { return nil }
    let rest = Array(text[(comma + 1)...])
    guard rest[0] == ASCII.space, rest[3] == 0x2D, rest[7] == 0x2D, rest[10] == ASCII.space,
      rest[19...].equalsIgnoringASCIICase(" GMT"), let day = number(rest[1..<3]),
      let month = monthNumber(rest[4..<7]), let shortYear = number(rest[8..<10]),
      let clock = clockSeconds(rest[11..<19])
    else { return nil }
    let thisYear = civil(fromDays: floorDivide(now.secondsSinceEpoch, 86_400)).year
    var year = thisYear / 100 * 100 + shortYear
    if year > thisYear + 50 { year -= 100 }
    return moment(year: year, month: month, day: day, secondOfDay: clock)
  }

  private static func isDayName(_ text: ArraySlice<UInt8>) -> Bool {
    stride(from: 0, to: 21, by: 3).contains {
      text.equalsIgnoringASCIICase(dayNames[$0..<$0 + 3])
    }
  }

  private static func monthNumber(_ text: ArraySlice<UInt8>) -> Int? {
    (0..<12).first { text.equalsIgnoringASCIICase(monthNames[$0 * 3..<$0 * 3 + 3]) }
      .map { $0 + 1 }
  }

  private static func number(_ text: ArraySlice<UInt8>) -> Int? {
    text.decimalValue().map(Int.init)
  }

  private static func clockSeconds(_ text: ArraySlice<UInt8>) -> Int? {
    let start = text.startIndex
    guard text[start + 2] == ASCII.colon, text[start + 5] == ASCII.colon,
      let hour = number(text[start..<start + 2]), let minute = number(text[start + 3..<start + 5]),
      let second = number(text[start + 6..<start + 8]), hour < 24, minute < 60, second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func moment(year: Int, month: Int, day: Int, secondOfDay: Int) -> WallTime? {
    guard day >= 1, day <= daysInMonth(month, of: year) else { return nil }
    return WallTime(
      secondsSinceEpoch: days(fromYear: year, month: month, day: day) * 86_400 + Int64(secondOfDay))
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
