"""Restores into files: a Maildir++, mbox files, a zip or a directory of single messages."""
