import Foundation

/// A real nginx with a configuration of its own, in a directory of its own.
package final class Nginx: Sendable {
  package let process: ChildProcess
  package let endpoint: Endpoint
  package let directory: TemporaryDirectory

  /// Starts it and waits until it accepts connections.
  ///
  /// - Parameters:
  ///   - http: Directives for the `http` block.
  ///   - server: Directives for its only `server`, which listens already.
  package init(http: String = "", server: String) throws {
    directory = try TemporaryDirectory()
    endpoint = try Endpoint.leased()
    let user = geteuid() == 0 ? "user root;" : ""
    let file = try directory.write(
      """
      \(user)
      daemon off;
      worker_processes 1;
      pid nginx.pid;
      error_log stderr notice;
      events { worker_connections 256; }
      http {
        access_log off;
        client_body_temp_path body;
        proxy_temp_path proxy;
        fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi;
        scgi_temp_path scgi;
        \(http)
        server {
          listen \(endpoint);
          \(server)
        }
      }
      """, to: "nginx.conf")
    process = try ChildProcess(
      try Programs.nginx(), ["-p", directory.path + "/", "-c", file, "-e", "stderr"])
    try endpoint.waitUntilAccepting(process)
  }

  /// The careless cache of the incident: it keeps answers to POST for ten minutes under a key that
  /// knows nothing of the body.
  ///
  /// - Parameter fields: Which fields of answers it does not heed; all that it knows unless told
  ///   otherwise.
  package static func carelessCache(
    before origin: Endpoint,
    ignoring fields: String = "Cache-Control Expires X-Accel-Expires Set-Cookie Vary"
  ) throws -> Nginx {
    try Nginx(
      http: "proxy_cache_path cache keys_zone=careless:1m;",
      server: """
        location / {
          proxy_pass http://\(origin);
          proxy_cache careless;
          proxy_cache_methods GET HEAD POST;
          proxy_cache_key $scheme$host$request_uri;
          proxy_cache_valid 200 10m;
          proxy_ignore_headers \(fields);
          add_header X-Cache-Status $upstream_cache_status always;
        }
        """)
  }

  deinit { process.kill() }
}
