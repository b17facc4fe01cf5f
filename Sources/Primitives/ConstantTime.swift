/// Compares secrets without telling, by the time it takes, where they differ.
///
/// The time depends on the lengths only. Lengths are not secret: a token's length is public.
@inline(never)
package func equalsInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>)
  -> Bool
{
  guard left.count == right.count else { return false }
  var difference: UInt8 = 0
  for (one, other) in zip(left, right) {
    difference |= one ^ other
  }
  return difference == 0
}
