// This floor's purpose stands in ARCHITECTURE.md.
