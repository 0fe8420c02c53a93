"""The spool of a live Cyrus server on this machine."""
