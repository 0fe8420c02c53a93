"""The only door to the machine: files, programs and IMAP."""
