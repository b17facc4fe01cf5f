internal import Dispatch
package import Platform

/// Tells when a signal arrives, on a queue of its own instead of in a signal handler.
///
/// Not `Sendable`: kept by whoever starts the program.
package final class SignalWatcher {
  private let source: any DispatchSourceSignal

  /// Calls `action` for every arrival of `signal` from now on; its usual effect is off, for good.
  package init(_ signal: ProcessSignal, action: @escaping @Sendable () -> Void) {
    signal.ignore()
    source = DispatchSource.makeSignalSource(
      signal: signal.number, queue: DispatchQueue(label: "countersign.signals"))
    source.setEventHandler(handler: action)
    source.activate()
  }

  deinit { source.cancel() }
}
