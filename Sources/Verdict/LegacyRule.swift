/// Mode `legacy`: the service is left as it is; many replays are detected, freshness is not proved.
package struct LegacyRule: Hashable, Sendable {
  package init() {}
}
