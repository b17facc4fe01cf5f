internal import CNGHTTP2

/// Where nghttp2 calls back into a session. C functions: they hold nothing, the session comes as
/// the pointer that was given at its making.
enum HTTP2Callbacks {
  static func set(on callbacks: OpaquePointer) {
    unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) {
      _, frame, user in
      guard let session = unsafe sessionOf(user), let frame = unsafe frame else { return 0 }
      unsafe session.sectionBegins(frame.pointee.hd.stream_id, kind: kind(frame, session.role))
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
      _, frame, name, nameLength, value, valueLength, _, user in
      guard let session = unsafe sessionOf(user), let frame = unsafe frame else { return 0 }
      let goesOn = unsafe session.lineArrived(
        frame.pointee.hd.stream_id, name: UnsafeBufferPointer(start: name, count: nameLength),
        value: UnsafeBufferPointer(start: value, count: valueLength))
      return goesOn ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue
    }
    unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, user in
      guard let session = unsafe sessionOf(user), let frame = unsafe frame else { return 0 }
      return unsafe received(frame, by: session)
    }
    unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
      _, _, stream, bytes, count, user in
      guard let session = unsafe sessionOf(user) else { return 0 }
      unsafe session.contentArrived(stream, UnsafeRawBufferPointer(start: bytes, count: count))
      return 0
    }
    unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) {
      _, stream, code, user in
      unsafe sessionOf(user)?.streamClosed(stream, code)
      return 0
    }
  }

  /// Where content comes from: the session's own queue of the stream.
  static var provider: nghttp2_data_provider {
    unsafe nghttp2_data_provider(
      source: nghttp2_data_source(),
      read_callback: { _, stream, room, length, flags, _, user in
        guard let session = unsafe sessionOf(user), let flags = unsafe flags else {
          return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        let filling = unsafe session.fill(
          stream, UnsafeMutableRawBufferPointer(start: room, count: length), &flags.pointee)
        return switch filling {
        case .filled(let count): count
        case .wait: Int(NGHTTP2_ERR_DEFERRED.rawValue)
        case .gone: Int(NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE.rawValue)
        }
      })
  }
}

private func sessionOf(_ user: UnsafeMutableRawPointer?) -> HTTP2Session? {
  guard let user = unsafe user else { return nil }
  return unsafe Unmanaged<HTTP2Session>.fromOpaque(user).takeUnretainedValue()
}

private func kind(
  _ frame: UnsafePointer<nghttp2_frame>, _ role: HTTP2Session.Role
) -> HTTP2SectionKind {
  switch unsafe frame.pointee.headers.cat {
  case NGHTTP2_HCAT_REQUEST: .request
  case NGHTTP2_HCAT_RESPONSE: .response
  // A second section of a response is its final head after an interim one, or its trailers.
  default: role == .server ? .trailers : .response
  }
}

private func received(
  _ frame: UnsafePointer<nghttp2_frame>, by session: HTTP2Session
) -> Int32 {
  let header = unsafe frame.pointee.hd
  let isLast = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
  switch UInt32(header.type) {
  case NGHTTP2_HEADERS.rawValue:
    session.sectionEnded(header.stream_id)
    if isLast { session.streamEnded(header.stream_id) }
  case NGHTTP2_DATA.rawValue:
    if isLast { return ended(header.stream_id, session) }
    if header.length == 0 { return spend(session) }
  case NGHTTP2_GOAWAY.rawValue:
    unsafe session.goingAway(
      after: frame.pointee.goaway.last_stream_id, frame.pointee.goaway.error_code)
  case NGHTTP2_PING.rawValue, NGHTTP2_SETTINGS.rawValue, NGHTTP2_PRIORITY.rawValue,
    NGHTTP2_RST_STREAM.rawValue, NGHTTP2_PRIORITY_UPDATE.rawValue:
    return spend(session)
  default: break
  }
  return 0
}

private func ended(_ stream: Int32, _ session: HTTP2Session) -> Int32 {
  session.streamEnded(stream)
  return 0
}

private func spend(_ session: HTTP2Session) -> Int32 {
  session.idleFrameArrived() ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
}
