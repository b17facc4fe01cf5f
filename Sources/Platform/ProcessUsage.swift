internal import Glibc

/// What this process uses of the machine, for its own metrics. Reads small kernel files: not for a
/// loop.
package enum ProcessUsage {
  /// Processor time of all threads since the start, user and system.
  package static var processorNanoseconds: Int64 {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return 0 }
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Bytes of memory that are resident; 0 where the kernel does not say.
  package static var residentBytes: Int64 {
    // `size resident shared …`, in pages.
    let fields = contents(of: "/proc/self/statm").split(separator: 0x20)
    guard fields.count > 1 else { return 0 }
    let pages = fields[1].reduce(Int64(0)) { $0 &* 10 &+ Int64($1 &- 0x30) }
    return pages &* Int64(sysconf(Int32(_SC_PAGESIZE)))
  }

  /// Open descriptors, without the one this question takes; 0 where the kernel does not say.
  package static var openDescriptors: Int64 {
    guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
    var count: Int64 = 0
    while unsafe readdir(directory) != nil { count += 1 }
    unsafe closedir(directory)
    // `.`, `..`, and the directory itself.
    return max(count - 3, 0)
  }

  private static func contents(of path: String) -> [UInt8] {
    let number = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard number >= 0 else { return [] }
    let file = Descriptor(owning: number)
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe read(file.number, buffer.baseAddress, buffer.count)
    }
    return Array(bytes.prefix(max(count, 0)))
  }
}
