import Admin
import Configuration
import EventLoop
import HTTPModel
import Primitives
import Proxy
import Synchronization
import Transport

/// A proxy that says what a test wants.
final class StagedSource: AdminSource {
  struct Scene {
    var phase = ProxyView.Phase.serving
    var settings: Settings? = Settings()
    var services: [ServiceReport] = []
    var faults: [String] = []
  }

  private let scene: Mutex<Scene>
  private let purged = Mutex<[PurgeRequest]>([])

  init(_ scene: Scene = Scene()) { self.scene = Mutex(scene) }

  var phase: ProxyView.Phase { scene.withLock { $0.phase } }
  var settings: Settings? { scene.withLock { $0.settings } }
  var services: [ServiceReport] { scene.withLock { $0.services } }
  var faults: [String] { scene.withLock { $0.faults } }
  func renderMetrics(into text: inout [UInt8]) { text.append(ascii: "up 1\n") }

  func purge(_ request: PurgeRequest) -> PurgeAnswer {
    purged.withLock { $0.append(request) }
    return request.service == "nobody"
      ? .refused("There is no such service.") : .done(removed: 3, staled: 1)
  }

  /// What was asked to be purged.
  var purges: [PurgeRequest] { purged.withLock { $0 } }
}

/// The health of a service of which these origins are down.
func service(_ name: String, origins: [String], down: Set<Int> = [], ejected: Set<Int> = [])
  -> ServiceReport
{
  let health = OriginHealth(
    names: origins, settings: EjectionSettings(failures: 1, firstSpan: Milliseconds(60_000)))
  for origin in down { _ = health.probed(origin, .down, .timedOut) }
  for origin in ejected {
    _ = health.failed(origin: origin)
  }
  return ServiceReport(name: name, origins: health.report())
}

extension OriginHealth {
  fileprivate func failed(origin: Int) -> OriginHealthChange? {
    failed(at: origin, .closed, now: MonotonicTime(nanoseconds: 1))
  }
}

extension AdminResponder {
  /// The answer, whichever queue makes it.
  func answer(
    _ method: Method, _ target: String, fields: FieldSection = FieldSection(), content: String = ""
  ) -> LocalAnswer {
    let request = RequestHead(
      method: method, target: Array(target.utf8), authority: Array("localhost".utf8),
      fields: fields)
    switch reply(to: request) {
    case .now(let answer): return answer
    case .reading(_, let queue, let work):
      let made = Mutex<LocalAnswer?>(nil)
      queue.finish { made.withLock { $0 = work(Array(content.utf8)) } }
      return made.withLock { $0 } ?? LocalAnswer(head: ResponseHead(status: Status(0)), content: [])
    case .later(let queue, let work):
      let made = Mutex<LocalAnswer?>(nil)
      queue.finish { made.withLock { $0 = work() } }
      return made.withLock { $0 } ?? LocalAnswer(head: ResponseHead(status: Status(0)), content: [])
    }
  }
}

extension LocalAnswer {
  var text: String { String(decoding: content, as: UTF8.self) }

  func value(_ field: KnownField) -> String? {
    head.fields.only(field).map { String(decoding: $0, as: UTF8.self) }
  }
}
