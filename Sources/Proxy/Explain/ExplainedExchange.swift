package import Configuration
package import HTTPModel
package import Primitives

/// One exchange that is to be explained: a request, what the origin answers, and who asks next.
package struct ExplainedExchange: Sendable {
  package var method: Method
  /// Absolute: the scheme is that by which the client comes.
  package var url: [UInt8]
  package var fields: FieldSection
  /// Nil where only the request is to be explained.
  package var response: ResponseHead?
  /// The content of the response; nil where it is not known.
  package var content: [UInt8]?
  /// The fields of the request that comes next, for the same URL; nil for those of the first.
  package var nextFields: FieldSection?
  /// What the client's certificate says; nil where the client has none.
  package var certificate: ClientCertificateFacts?
  /// When the response arrives.
  package var time: WallTime
  /// How much later the next request comes.
  package var wait: Seconds

  package init(
    method: Method, url: [UInt8], fields: FieldSection, time: WallTime,
    wait: Seconds = Seconds(1)
  ) {
    self.method = method
    self.url = url
    self.fields = fields
    self.time = time
    self.wait = wait
  }
}

/// Why an exchange cannot be explained, as a sentence.
package struct ExplainError: Error, Equatable {
  package let sentence: String

  package init(sentence: String) { self.sentence = sentence }
}
