"""One module for each thing that a person can do, and the wiring."""
