import Admin
import Glibc
import HTTPModel
import JourneySupport
import Primitives
import Proxy
import Testing

@Suite struct BearerTokenTests {
  private static let word = "correct-horse.battery_staple~1+/=="

  private func file(_ text: String, mode: mode_t = 0o600) throws -> (TemporaryDirectory, String) {
    let directory = try TemporaryDirectory()
    let path = try directory.write(text, to: "token")
    #expect(chmod(path, mode) == 0)
    return (directory, path)
  }

  private func refusal(of text: String, mode: mode_t = 0o600) throws -> String? {
    let (directory, path) = try file(text, mode: mode)
    defer { withExtendedLifetime(directory) {} }
    do throws(StartError) {
      _ = try BearerToken(file: path)
      return nil
    } catch {
      #expect(error.kind == .configuration)
      #expect(error.description.contains(path))
      return error.description
    }
  }

  @Test(arguments: ["", "\n", " \t\r\n "])
  func `an empty token file is refused`(text: String) throws {
    #expect(try refusal(of: text)?.contains("is empty") == true)
  }

  @Test(arguments: [0o604, 0o602, 0o666, 0o646] as [mode_t])
  func `a token file that others may read or write is refused`(mode: mode_t) throws {
    #expect(try refusal(of: Self.word, mode: mode)?.contains("open to every user") == true)
  }

  @Test(arguments: [0o400, 0o600, 0o440, 0o640] as [mode_t])
  func `a token file of a user and a group is taken`(mode: mode_t) throws {
    #expect(try refusal(of: Self.word + "\n", mode: mode) == nil)
  }

  @Test(arguments: [
    "short", "two words of a sentence", "sixteen-bytes-and-ü", "================",
    "a\0aaaaaaaaaaaaaaaa",
    "not=at=the=end=of=it", String(repeating: "a", count: 1025),
  ])
  func `what is no token is refused and not quoted`(text: String) throws {
    let sentence = try #require(try refusal(of: text))
    #expect(sentence.contains("must hold one token"))
    #expect(!sentence.contains(text))
  }

  @Test func `a file that is not there is refused with the system's reason`() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: StartError.self) { try BearerToken(file: directory.path("nothing")) }
    #expect(throws: StartError.self) { try BearerToken(file: directory.path) }
  }

  @Test func `only the right token, shown once, is right`() throws {
    let (directory, path) = try file("\n \(Self.word)\r\n")
    defer { withExtendedLifetime(directory) {} }
    let token = try BearerToken(file: path)

    func showing(_ values: String...) -> BearerToken.Showing {
      var fields = FieldSection()
      for value in values { fields.append(.authorization, Array(value.utf8)) }
      return token.showing(in: fields)
    }
    #expect(showing() == .nothing)
    #expect(showing("Bearer \(Self.word)") == .right)
    #expect(showing("bearer  \(Self.word)") == .right)
    #expect(showing("Bearer \(Self.word)x") == .wrong)
    #expect(showing("Bearer \(Self.word.dropLast())") == .wrong)
    #expect(showing("Bearer") == .wrong)
    #expect(showing("Bearer ") == .wrong)
    #expect(showing(Self.word) == .wrong)
    #expect(showing("Basic \(Self.word)") == .wrong)
    #expect(showing("Bearer \(Self.word)", "Bearer \(Self.word)") == .wrong)
  }
}
