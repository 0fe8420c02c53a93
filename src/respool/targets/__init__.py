"""Where restores go, one folder each."""
