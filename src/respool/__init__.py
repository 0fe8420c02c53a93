"""Restores mailboxes of BlueMind and Cyrus IMAP from their backups, and proves that it did."""

__version__ = "0.1.0"

__all__ = ["__version__"]
