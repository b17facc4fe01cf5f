import HTTPModel
import Primitives
import Testing

@Suite struct HTTPDateTests {
  private let now = WallTime(secondsSinceEpoch: 1_795_000_000)

  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func `each form RFC 9110 demands names the same moment`(text: String) {
    #expect(HTTPDate.parse(Array(text.utf8), now: now)?.secondsSinceEpoch == 784_111_777)
  }

  @Test(arguments: [0, 784_111_777, 951_782_400, 1_795_000_000, 4_102_444_800] as [Int64])
  func `a formatted date parses to itself`(seconds: Int64) {
    let time = WallTime(secondsSinceEpoch: seconds)
    #expect(HTTPDate.parse(HTTPDate.format(time), now: now) == time)
  }

  @Test(arguments: [
    "", "0", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
  ])
  func `anything else is no date`(text: String) {
    #expect(HTTPDate.parse(Array(text.utf8), now: now) == nil)
  }
}
