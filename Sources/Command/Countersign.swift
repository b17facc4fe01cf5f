internal import ArgumentParser

/// The entrance of the program.
package enum Countersign {
  /// Reads the arguments of the process and does what they say; ends the process with its status.
  package static func main() { CountersignCommand.main() }
}
