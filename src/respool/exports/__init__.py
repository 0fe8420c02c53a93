"""Pure: what an export is on disk, octets in and values out, for who writes and who reads it."""
