package import HTTPModel
package import Primitives

/// What the access log tells of one exchange.
///
/// Reason codes, lanes and names are the program's and the operator's own words; everything a peer
/// chose is bytes and is escaped.
package struct AccessRecord: Sendable {
  /// When the first byte of the request came.
  package var time: WallTime
  /// The exchange's number, the same in every log.
  package var exchange: UInt64
  /// The client's address as text.
  package var client: [UInt8]
  package var method: Method
  /// The authority asked for; empty when there was none.
  package var host: [UInt8]
  package var path: ArraySlice<UInt8>
  /// The query after `?`. Written only where the log's settings say so: queries carry secrets.
  package var query: ArraySlice<UInt8>?
  /// The status sent; nil when the connection ended before one.
  package var status: Status?
  /// Content bytes received from and sent to the client.
  package var requestBytes: UInt64
  package var responseBytes: UInt64
  /// From the first byte of the request to the last of the response.
  package var durationMicroseconds: UInt64
  package var lane: String
  /// How the exchange ended, as in `countersign_requests_total`.
  package var outcome: String
  /// What the cache did, as in `Cache-Status`; nil outside the cache lane.
  package var cache: String?
  /// The stable reason code; nil where there is nothing to explain.
  package var reason: String?
  package var route: String?
  /// The origin that answered; nil when none was asked.
  package var origin: String?
  /// From the request handed to the origin's connection to the first byte of its response.
  package var originMicroseconds: UInt64?

  package init(
    time: WallTime, exchange: UInt64, client: [UInt8], method: Method, host: [UInt8] = [],
    path: ArraySlice<UInt8>, query: ArraySlice<UInt8>? = nil, status: Status?,
    requestBytes: UInt64 = 0, responseBytes: UInt64 = 0, durationMicroseconds: UInt64,
    lane: String, outcome: String, cache: String? = nil, reason: String? = nil,
    route: String? = nil, origin: String? = nil, originMicroseconds: UInt64? = nil
  ) {
    self.time = time
    self.exchange = exchange
    self.client = client
    self.method = method
    self.host = host
    self.path = path
    self.query = query
    self.status = status
    self.requestBytes = requestBytes
    self.responseBytes = responseBytes
    self.durationMicroseconds = durationMicroseconds
    self.lane = lane
    self.outcome = outcome
    self.cache = cache
    self.reason = reason
    self.route = route
    self.origin = origin
    self.originMicroseconds = originMicroseconds
  }
}

/// Writes access records as lines of JSON, members always in the same order.
package struct AccessLog: Sendable, Hashable {
  /// Whether the query is written. Queries carry codes, tokens and passwords.
  package var includesQuery: Bool
  /// Whether parts of paths that look like secrets are left out.
  package var redactsPaths: Bool

  package init(includesQuery: Bool = false, redactsPaths: Bool = true) {
    self.includesQuery = includesQuery
    self.redactsPaths = redactsPaths
  }

  /// Appends one line, without its end of line. Members that are nil are left out.
  package func append(_ record: borrowing AccessRecord, to line: inout [UInt8]) {
    line.append(ascii: #"{"time":""#)
    line.append(timestamp: record.time)
    line.append(ascii: #"","exchange":""#)
    line.append(hexadecimal: record.exchange, digits: 16)
    line.append(ascii: #"","client":"#)
    line.append(jsonString: record.client)
    line.append(ascii: #","method":"#)
    Self.append(record.method, to: &line)
    line.append(ascii: #","host":"#)
    line.append(jsonString: record.host)
    line.append(ascii: #","path":"#)
    if redactsPaths, PathRedaction.isNeeded(record.path) {
      line.append(jsonString: PathRedaction.redacted(record.path))
    } else {
      line.append(jsonString: record.path)
    }
    if includesQuery, let query = record.query {
      line.append(ascii: #","query":"#)
      line.append(jsonString: query)
    }
    if let status = record.status {
      line.append(ascii: #","status":"#)
      line.append(decimal: UInt64(status.code))
    }
    line.append(ascii: #","bytes_in":"#)
    line.append(decimal: record.requestBytes)
    line.append(ascii: #","bytes_out":"#)
    line.append(decimal: record.responseBytes)
    line.append(ascii: #","duration_us":"#)
    line.append(decimal: record.durationMicroseconds)
    line.append(ascii: #","lane":"#)
    line.append(jsonString: record.lane)
    line.append(ascii: #","outcome":"#)
    line.append(jsonString: record.outcome)
    Self.append(#","cache":"#, record.cache, to: &line)
    Self.append(#","reason":"#, record.reason, to: &line)
    Self.append(#","route":"#, record.route, to: &line)
    Self.append(#","origin":"#, record.origin, to: &line)
    if let time = record.originMicroseconds {
      line.append(ascii: #","origin_us":"#)
      line.append(decimal: time)
    }
    line.append(ascii: "}")
  }

  private static func append(_ member: StaticString, _ value: String?, to line: inout [UInt8]) {
    guard let value else { return }
    line.append(ascii: member)
    line.append(jsonString: value)
  }

  /// The usual methods without an array made for each line.
  private static func append(_ method: Method, to line: inout [UInt8]) {
    switch method {
    case .get: line.append(ascii: #""GET""#)
    case .head: line.append(ascii: #""HEAD""#)
    case .post: line.append(ascii: #""POST""#)
    case .put, .delete, .patch, .options, .trace, .connect, .other:
      line.append(jsonString: method.bytes)
    }
  }
}
