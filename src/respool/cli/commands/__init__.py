"""One module for each command: its options, one call into app, one into output."""
