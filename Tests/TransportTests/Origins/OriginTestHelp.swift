import Primitives

@testable import Transport

/// Random numbers that are the same in every run: the walk a seed takes can be taken again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    // SplitMix64.
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// A moment so many milliseconds after the clock's start.
func at(_ milliseconds: Int64) -> MonotonicTime {
  MonotonicTime(nanoseconds: 0).advanced(by: Milliseconds(milliseconds))
}

func requester(_ number: UInt64) -> OriginRequester { OriginRequester(number) }

func connection(_ place: Int, _ generation: UInt32 = 0) -> OriginConnectionID {
  OriginConnectionID(place: place, generation: generation)
}
