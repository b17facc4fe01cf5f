/// One row of the metric table: what a metric is called, what it tells, by what it is divided.
///
/// Labels take few values, all known at start: routes, services, reasons, check ids. Never a path,
/// a user, an address or anything else a peer chooses.
package struct MetricRow: Sendable, Hashable {
  package let name: String
  package let help: String
  package let labels: [String]
  package let unit: MetricUnit

  init(_ name: String, _ help: String, by labels: [String] = [], in unit: MetricUnit = .ones) {
    self.name = name
    self.help = help
    self.labels = labels
    self.unit = unit
  }
}

/// What a metric is counted in by the program. Durations are shown in seconds, as Prometheus asks.
package enum MetricUnit: Sendable {
  case ones
  case nanoseconds
}

/// Everything that only grows.
package enum CounterName: Int, Sendable, CaseIterable {
  case requests
  case responses
  case refusals
  case decisions
  case findings
  case cacheLookups
  case cacheOutcomes
  case cacheStores
  case cacheRefreshes
  case cacheEvictions
  case cachePurges
  case cacheDiskReads
  case cacheDiskWrites
  case cacheDiskErrors
  case bytesReceived
  case bytesSent
  case connectionsAccepted
  case connectionsRefused
  case acceptPauses
  case messagesRejected
  case tlsHandshakes
  case originConnectionsOpened
  case originConnectFailures
  case originConnectionReuses
  case originRetries
  case originEjections
  case originProbes
  case configurationReloads
  case logLinesLost
  case metricSeriesRefused
  case processProcessorTime

  // Longer than a function should be: it is a table, and the compiler misses no row of a switch.
  package var row: MetricRow {
    switch self {
    case .requests:
      MetricRow(
        "countersign_requests_total", "Exchanges by lane and outcome.", by: ["lane", "outcome"])
    case .responses:
      MetricRow(
        "countersign_responses_total", "Responses to clients by status class.", by: ["class"])
    case .refusals:
      MetricRow("countersign_refusals_total", "Exchanges refused, by reason code.", by: ["reason"])
    case .decisions:
      MetricRow(
        "countersign_decisions_total", "Decisions by route and what became of them.",
        by: ["route", "result"])
    case .findings:
      MetricRow(
        "countersign_findings_total", "Audit findings by check.", by: ["check", "severity"])
    case .cacheLookups:
      MetricRow(
        "countersign_cache_lookups_total", "Lookups in the store by result.", by: ["result"])
    case .cacheOutcomes:
      MetricRow(
        "countersign_cache_outcomes_total", "Exchanges by the reason of the cache.", by: ["reason"])
    case .cacheStores:
      MetricRow(
        "countersign_cache_stores_total", "Responses offered to the store by result.",
        by: ["result"])
    case .cacheRefreshes:
      MetricRow(
        "countersign_cache_refreshes_total", "Validations in the background by result.",
        by: ["result"])
    case .cacheEvictions:
      MetricRow("countersign_cache_evictions_total", "Stored responses that gave way to others.")
    case .cachePurges:
      MetricRow(
        "countersign_cache_purges_total", "Purges asked for by operators.", by: ["kind"])
    case .cacheDiskReads:
      MetricRow(
        "countersign_cache_disk_reads_total", "Responses looked for on the disk by result.",
        by: ["result"])
    case .cacheDiskWrites:
      MetricRow(
        "countersign_cache_disk_writes_total", "Responses for the disk by result.", by: ["result"])
    case .cacheDiskErrors:
      MetricRow(
        "countersign_cache_disk_errors_total",
        "Reads and writes that failed, and what was not as it had been written.", by: ["kind"])
    case .bytesReceived:
      MetricRow("countersign_received_bytes_total", "Bytes received, TLS removed.", by: ["side"])
    case .bytesSent:
      MetricRow("countersign_sent_bytes_total", "Bytes sent, before TLS.", by: ["side"])
    case .connectionsAccepted:
      MetricRow(
        "countersign_connections_accepted_total", "Client connections accepted.", by: ["listener"])
    case .connectionsRefused:
      MetricRow(
        "countersign_connections_refused_total",
        "Client connections closed at once, by reason code.",
        by: ["reason"])
    case .acceptPauses:
      MetricRow(
        "countersign_accept_pauses_total",
        "Pauses of accepting for want of descriptors or memory.", by: ["listener"])
    case .messagesRejected:
      MetricRow(
        "countersign_messages_rejected_total", "Malformed or ambiguous messages, none forwarded.",
        by: ["side", "reason"])
    case .tlsHandshakes:
      MetricRow("countersign_tls_handshakes_total", "TLS handshakes.", by: ["side", "result"])
    case .originConnectionsOpened:
      MetricRow(
        "countersign_origin_connections_opened_total", "Connections opened to origins.",
        by: ["service"])
    case .originConnectFailures:
      MetricRow(
        "countersign_origin_connect_failures_total",
        "Connections to origins that did not come about.",
        by: ["service", "reason"])
    case .originConnectionReuses:
      MetricRow(
        "countersign_origin_connection_reuses_total", "Exchanges on a connection used before.",
        by: ["service"])
    case .originRetries:
      MetricRow("countersign_origin_retries_total", "Requests tried again.", by: ["service"])
    case .originEjections:
      MetricRow(
        "countersign_origin_ejections_total", "Origins taken out of service for their failures.",
        by: ["service", "reason"])
    case .originProbes:
      MetricRow("countersign_origin_probes_total", "Health probes.", by: ["service", "result"])
    case .configurationReloads:
      MetricRow(
        "countersign_configuration_reloads_total", "Reloads of the configuration.", by: ["result"])
    case .logLinesLost:
      MetricRow("countersign_log_lines_lost_total", "Log lines lost for want of room.", by: ["log"])
    case .metricSeriesRefused:
      MetricRow("countersign_metric_series_refused_total", "Metric series past the limit.")
    case .processProcessorTime:
      MetricRow(
        "process_cpu_seconds_total", "Processor time, user and system.", in: .nanoseconds)
    }
  }
}

/// Everything that goes up and down.
package enum GaugeName: Int, Sendable, CaseIterable {
  case clientConnections
  case exchangesInFlight
  case cacheStoredBytes
  case cacheStoredResponses
  case cacheDiskBytes
  case cacheDiskResponses
  case cacheDiskRecovered
  case cacheDiskRecoveryTime
  case cacheDiskWorks
  case replayEntries
  case routeGrade
  case originConnections
  case originQueueLength
  case originsInService
  case retiredServices
  case buildInformation
  case configurationLoadTime
  case processResidentMemory
  case processOpenDescriptors
  case processStartTime

  package var row: MetricRow {
    switch self {
    case .clientConnections:
      MetricRow("countersign_client_connections", "Open client connections.")
    case .exchangesInFlight:
      MetricRow("countersign_exchanges_in_flight", "Exchanges begun and not ended.")
    case .cacheStoredBytes:
      MetricRow(
        "countersign_cache_stored_bytes", "Bytes the store holds, its own overhead included.")
    case .cacheStoredResponses:
      MetricRow("countersign_cache_stored_responses", "Responses the store holds.")
    case .cacheDiskBytes:
      MetricRow("countersign_cache_disk_bytes", "Bytes of the files of the cache on the disk.")
    case .cacheDiskResponses:
      MetricRow("countersign_cache_disk_responses", "Responses that can be found on the disk.")
    case .cacheDiskRecovered:
      MetricRow(
        "countersign_cache_disk_recovered_responses", "Responses found on the disk at the start.")
    case .cacheDiskRecoveryTime:
      MetricRow(
        "countersign_cache_disk_recovery_seconds", "How long the start took to find them.",
        in: .nanoseconds)
    case .cacheDiskWorks:
      MetricRow(
        "countersign_cache_disk_works",
        "1 while the disk is read and written; 0 while not, or where there is none.")
    case .replayEntries:
      MetricRow(
        "countersign_replay_entries", "Identifiers, codes and sessions that are remembered.")
    case .routeGrade:
      MetricRow(
        "countersign_route_grade", "1 for each decision route and the grade of its proofs.",
        by: ["route", "grade"])
    case .originConnections:
      MetricRow(
        "countersign_origin_connections", "Open connections to origins.", by: ["service", "state"])
    case .originQueueLength:
      MetricRow(
        "countersign_origin_queue_length", "Exchanges waiting for a connection.", by: ["service"])
    case .originsInService:
      MetricRow("countersign_origins_in_service", "Origins in service.", by: ["service"])
    case .retiredServices:
      MetricRow(
        "countersign_retired_services",
        "Services of earlier settings on a loop that still have exchanges.")
    case .buildInformation:
      MetricRow("countersign_build_info", "Always 1; what is running.", by: ["version"])
    case .configurationLoadTime:
      MetricRow(
        "countersign_configuration_load_timestamp_seconds",
        "When the running configuration was loaded.", in: .nanoseconds)
    case .processResidentMemory:
      MetricRow("process_resident_memory_bytes", "Resident memory.")
    case .processOpenDescriptors:
      MetricRow("process_open_fds", "Open file descriptors.")
    case .processStartTime:
      MetricRow("process_start_time_seconds", "When the process started.", in: .nanoseconds)
    }
  }
}

/// Everything whose distribution matters: durations.
package enum HistogramName: Int, Sendable, CaseIterable {
  case requestDuration
  case originResponseTime

  package var row: MetricRow {
    switch self {
    case .requestDuration:
      MetricRow(
        "countersign_request_duration_seconds",
        "From a request's first byte to the last byte of its response handed to the system.",
        by: ["lane"], in: .nanoseconds)
    case .originResponseTime:
      MetricRow(
        "countersign_origin_response_seconds",
        "From a request handed to a connection to the first byte of the response.",
        by: ["service"], in: .nanoseconds)
    }
  }
}
