import Glibc

/// Seconds since 1970, for comparing with the dates of certificates made just now.
func currentSeconds() -> Int { time(nil) }
