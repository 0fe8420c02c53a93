"""On-disk formats of Cyrus IMAP, octets in and values out; nothing here opens a file."""
