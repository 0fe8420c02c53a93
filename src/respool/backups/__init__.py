"""Finds and reads backups, one module a kind; what to do with their mail is decided elsewhere."""
