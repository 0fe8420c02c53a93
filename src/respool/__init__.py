"""Restores mailboxes of BlueMind and Cyrus IMAP from their backups, and proves that it did."""
