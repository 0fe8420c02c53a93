"""A stand-in for the core of a BlueMind server: its HTTP API, as far as respool asks for it."""
