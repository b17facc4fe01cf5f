import FuzzTargets
import Glibc

/// What is fuzzed: the target that `FUZZ_TARGET` names. `--sanitize fuzzer` brings the program's
/// `main`, which takes the arguments.
private let target: FuzzTarget = {
  if let name = getenv("FUZZ_TARGET"), let found = FuzzTarget.named(String(cString: name)) {
    return found
  }
  print("FUZZ_TARGET must be one of: \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
  exit(64)
}()

/// One input. The name is libFuzzer's.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: bytes, count: count))
  if let flaw = target.check(input) { fatalError(flaw) }
  return 0
}
