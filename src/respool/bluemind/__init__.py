"""On-disk formats of BlueMind, octets in and values out; no input or output lives here."""
