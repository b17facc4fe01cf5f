package import HTTPModel

/// A request with all of its content, free of what concerns one connection only.
package struct WholeRequest: Equatable, Sendable {
  package var head: RequestHead
  package var body: [UInt8]

  package init(head: RequestHead, body: [UInt8] = []) {
    self.head = head
    self.body = body
  }
}

/// A response with all of its content, free of what concerns one connection only.
package struct WholeAnswer: Equatable, Sendable {
  package var head: ResponseHead
  package var body: [UInt8]

  package init(head: ResponseHead, body: [UInt8] = []) {
    self.head = head
    self.body = body
  }
}
