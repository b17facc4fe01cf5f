/// Compares secrets without telling, by the time it takes, where they differ.
///
/// The time depends on the lengths only. Lengths are not secret: a token's length is public.
@inline(never)
package func equalsInConstantTime(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for index in left.indices {
    difference |= left[index] ^ right[index]
  }
  return difference == 0
}

/// Compares two collections of bytes as secrets, in a time that depends on their lengths only. On
/// the hot path, compare spans.
package func equalsInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>)
  -> Bool
{
  let one = Array(left)
  let other = Array(right)
  return equalsInConstantTime(one.span, other.span)
}
