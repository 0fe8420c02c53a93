"""Flags of live messages, put back to what a backup had; nothing else of them is touched."""
