import Primitives

@testable import Transport

/// A moment so many milliseconds after the clock's start.
func at(_ milliseconds: Int64) -> MonotonicTime {
  MonotonicTime(nanoseconds: 0).advanced(by: Milliseconds(milliseconds))
}

func requester(_ number: UInt64) -> OriginRequester { OriginRequester(number) }

func connection(_ place: Int, _ generation: UInt32 = 0) -> OriginConnectionID {
  OriginConnectionID(place: place, generation: generation)
}
