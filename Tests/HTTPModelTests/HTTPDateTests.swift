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

  // RFC 9111 §4.2: dates are specified to be case-sensitive, and caches should not mind.
  @Test(arguments: [
    "SUN, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nOV 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 gmt", "sunday, 06-NOV-94 08:49:37 Gmt", "sUN nOV  6 08:49:37 1994",
  ])
  func `names are read in any case`(text: String) {
    #expect(HTTPDate.parse(Array(text.utf8), now: now)?.secondsSinceEpoch == 784_111_777)
  }

  @Test(arguments: [0, 784_111_777, 951_782_400, 1_795_000_000, 4_102_444_800] as [Int64])
  func `a formatted date parses to itself`(seconds: Int64) {
    let time = WallTime(secondsSinceEpoch: seconds)
    #expect(HTTPDate.parse(HTTPDate.format(time), now: now) == time)
  }

  @Test(arguments: [
    "", "0", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 GMX", "Sun, 06  Nov 1994 8:49:37 GMT",
    "S\u{15b}, 06 Nov 1994 08:49:37",
  ])
  func `anything else is no date`(text: String) {
    #expect(HTTPDate.parse(Array(text.utf8), now: now) == nil)
  }
}
