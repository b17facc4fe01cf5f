internal import CachePolicy
internal import CacheStore
package import Configuration
internal import Cryptography
internal import HTTPModel
internal import HTTPWire
internal import Primitives
internal import Telemetry
internal import Verdict

/// Explains exchanges by settings: the plan, the decisions and the store of the proxy itself, with
/// nobody asked and nothing listened on.
package struct Explainer {
  private let plan: Plan
  private let secret: HMACSHA256Key

  package init(_ settings: Settings) throws(ExplainError) {
    plan = Plan(unconnected: settings)
    do throws(CryptographyError) {
      secret = try HMACSHA256Key()
    } catch {
      throw ExplainError(sentence: "no key for digests could be made: \(error)")
    }
  }

  /// What becomes of the exchange and of the request after it.
  package func explain(_ exchange: ExplainedExchange) throws(ExplainError) -> Explanation {
    guard exchange.method != .connect else {
      throw ExplainError(sentence: "CONNECT is refused before any route is asked")
    }
    guard let url = TargetURL(exchange.url, method: exchange.method, fields: exchange.fields)
    else {
      if let refusal = TargetURL.refusal(of: exchange.url) {
        throw ExplainError(
          sentence: "the request is refused with \(refusal.status.code): \(refusal.code.rawValue)")
      }
      throw ExplainError(
        sentence: "no request could be for this URL: it is absolute, without fragment and user, "
          + "like https://auth.example.com/assets/logo.svg")
    }
    let framing: BodyFraming
    do throws(ProtocolViolation) {
      framing = try requestFraming(of: url.request)
    } catch {
      throw ExplainError(sentence: "the request is refused: \(error.code.rawValue)")
    }
    var explanation = Explanation()
    explanation.add(
      "request", exchange.method.bytes.displayText + " " + exchange.url.displayText)
    var course = ExplainedCourse(
      plan: plan, secret: secret, exchange: exchange, url: url, explanation: explanation)
    course.explain(framing: framing)
    return course.explanation
  }
}

extension Plan {
  /// A plan that leads to no origin: for looking at what it would do.
  convenience init(unconnected settings: Settings) {
    var partitions: [String: UInt32] = [:]
    func partition(_ words: String) -> UInt32 {
      let number = partitions[words] ?? UInt32(clamping: partitions.count)
      partitions[words] = number
      return number
    }
    let services = settings.services.map { service in
      ServicePlan(
        settings: service, partition: partition("service \(service.kind) \(service.name)"),
        addresses: OriginAddresses(count: service.origins.count), tls: nil)
    }
    self.init(
      settings: settings, services: services, keySets: [], attestor: nil,
      metrics: Metrics(loops: 1, version: ProxyVersion.text), partition: partition)
  }
}
