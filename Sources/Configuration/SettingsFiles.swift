internal import Foundation

/// Where settings files come from: the disk, or a test's table.
package protocol SettingsFiles {
  /// The bytes of a file.
  func read(_ path: String) throws(FileTrouble) -> [UInt8]
  /// The names in a directory, in any order; empty when there is no such directory.
  func names(in directory: String) -> [String]
  /// The absolute form of a path.
  func absolute(_ path: String) -> String
}

/// Why a file cannot be read: the end of a sentence.
package struct FileTrouble: Error, Sendable, Equatable {
  package var reason: String

  package init(reason: String) { self.reason = reason }
}

/// The files of this machine.
package struct DiskFiles: SettingsFiles {
  package init() {}

  package func read(_ path: String) throws(FileTrouble) -> [UInt8] {
    var isDirectory: ObjCBool = false
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
      throw FileTrouble(reason: "there is no such file")
    }
    if isDirectory.boolValue { throw FileTrouble(reason: "it is a directory") }
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw FileTrouble(reason: "permission is denied")
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { handle.closeFile() }
      // One byte more than is allowed tells that there is more.
      return Array(try handle.read(upToCount: YAMLReader.maximumBytes + 1) ?? Data())
    } catch {
      throw FileTrouble(reason: "reading fails")
    }
  }

  package func names(in directory: String) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
    } catch {
      return []  // As documented: a directory that cannot be listed has no settings files.
    }
  }

  package func absolute(_ path: String) -> String {
    Paths.resolve(path, from: FileManager.default.currentDirectoryPath)
  }
}
