r"""Subscriptions of one user: the keys of his ``.sub`` database, in any version's form.

Up to 3.4 internal names with their domain. From 3.6 on ``N`` and the name as
``mailboxes.db`` has it (``b.loc\x1duser\x1fjdoe``), where the user's own mailboxes are
``INBOX`` and below; a key ``\x1fVER\x1f`` says the version.

Source: imap/mboxlist.c, ``mboxlist_changesub`` and ``mboxlist_upgrade_subs``; seen on
2.4.20 to 3.10.3.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from respool.cyrus.mailbox_records import VERSION_KEY, key_text, name_of_dbname
from respool.errors import FormatError
from respool.model.accounts import INBOX
from respool.model.names import MailboxName, parse_internal_name

SUBSCRIPTIONS_ENDING: Final = ".sub"
_NAME: Final = "N"


def parse_subscriptions(
    keys: Iterable[bytes], inbox: MailboxName
) -> tuple[tuple[MailboxName, ...], int]:
    """The mailboxes subscribed to, in the file's order, and how many keys name none.

    ``inbox`` is the user's own, which the newer form does not name.
    """
    texts = [key_text(key) for key in keys]
    is_newer = VERSION_KEY in texts
    names: dict[MailboxName, None] = {}
    damaged = 0
    for text in texts:
        if text == VERSION_KEY or (is_newer and not text.startswith(_NAME)):
            continue
        try:
            names[_newer(text, inbox) if is_newer else _older(text)] = None
        except (FormatError, ValueError):
            damaged += 1
    return tuple(names), damaged


def _older(text: str) -> MailboxName:
    return parse_internal_name(text)


def _newer(text: str, inbox: MailboxName) -> MailboxName:
    name = name_of_dbname(text.removeprefix(_NAME))
    if name.domain is None and name.parts[0] == INBOX:
        return inbox.child(*name.parts[1:])
    return name
