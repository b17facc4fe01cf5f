internal import Dispatch
package import Platform

/// Tells when a signal arrives, on a queue of its own instead of in a signal handler.
///
/// Not `Sendable`: kept by whoever starts the program.
package final class SignalWatcher {
  private let source: any DispatchSourceSignal

  /// Calls `action` for every arrival of `signal` from when this returns; its usual effect is off.
  package init(_ signal: ProcessSignal, action: @escaping @Sendable () -> Void) {
    source = DispatchSource.makeSignalSource(
      signal: signal.number, queue: DispatchQueue(label: "countersign.signals"))
    source.setEventHandler(handler: action)
    // Dispatch puts its signal handler in place while it registers the source. Before, the signal
    // would do its usual work.
    let registered = DispatchSemaphore(value: 0)
    source.setRegistrationHandler { registered.signal() }
    source.activate()
    registered.wait()
  }

  deinit { source.cancel() }
}
