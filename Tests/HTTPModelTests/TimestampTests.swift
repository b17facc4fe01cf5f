import HTTPModel
import Primitives
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"),
    (-1, "1969-12-31T23:59:59.999Z"),
    (951_827_696_007, "2000-02-29T12:34:56.007Z"),
    (Int64.max, "9999-12-31T23:59:59.999Z"),
    (Int64.min, "0000-01-01T00:00:00.000Z"),
  ])
  func `a moment is written in UTC to the millisecond`(milliseconds: Int64, text: String) {
    var line: [UInt8] = []
    line.append(timestamp: WallTime(milliseconds: milliseconds))
    #expect(line.displayText == text)
  }
}
