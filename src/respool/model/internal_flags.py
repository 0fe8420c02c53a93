"""Names of the bits that servers keep for themselves in records and headers of an index."""

from __future__ import annotations

from typing import Final

# Bits of a record's system flags that no mail user sees (imap/mailbox.h @3.0.18, 3.2.12).
INTERNAL_FLAGS: Final[tuple[tuple[int, str], ...]] = (
    (1 << 26, "snoozed"),
    (1 << 27, "splitconversation"),
    (1 << 28, "needs_cleanup"),
    (1 << 29, "archived"),
    (1 << 30, "unlinked"),
    (1 << 31, "expunged"),
)

# Bits of an index header's options (imap/mailbox.h @2.4.22, 3.12.3).
INDEX_OPTIONS: Final[tuple[tuple[int, str], ...]] = (
    (1 << 0, "pop3_new_uidl"),
    (1 << 1, "condstore"),
    (1 << 2, "sharedseen"),
    (1 << 3, "dupdeliver"),
    (1 << 4, "has_alarms"),
    (1 << 29, "needs_unlink"),
    (1 << 30, "needs_repack"),
    (1 << 31, "deleted"),
)

_IMAP_FLAGS: Final = 0x1F


def internal_flag_names(system_flags: int) -> tuple[str, ...]:
    """Names of the internal flags among a record's system flags; ``bit N`` where unnamed.

    >>> internal_flag_names(1 << 31 | 1 << 5 | 1)
    ('bit 5', 'expunged')
    """
    return _names(system_flags & ~_IMAP_FLAGS, INTERNAL_FLAGS)


def index_option_names(options: int) -> tuple[str, ...]:
    """Names of the options of an index's header; ``bit N`` where unnamed.

    >>> index_option_names(5)
    ('pop3_new_uidl', 'sharedseen')
    """
    return _names(options, INDEX_OPTIONS)


def _names(bits: int, named: tuple[tuple[int, str], ...]) -> tuple[str, ...]:
    by_bit = dict(named)
    each = (1 << number for number in range(bits.bit_length()) if bits >> number & 1)
    return tuple(by_bit.get(bit) or f"bit {bit.bit_length() - 1}" for bit in each)
