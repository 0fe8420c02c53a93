"""A restore into any IMAP server, as its user: nothing but commands of IMAP."""
