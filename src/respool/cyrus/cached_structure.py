"""A message's body structure, as a server cached it: whether it has an attachment."""

from __future__ import annotations

import re
from typing import Final

# A disposition of its own, or a name in its parameters or its type's. What senders wrote is
# quoted, and a quote in it has a backslash before it: none of it looks like this.
_ATTACHED: Final = re.compile(
    rb'\("ATTACHMENT"[ )]|[( ]"(?:FILE)?NAME(?:\*[0-9*]*)?" ["{]', re.IGNORECASE
)


def structure_has_attachment(structure: bytes) -> bool:
    """Whether a part is an attachment, or has the name of a file.

    >>> structure_has_attachment(b'("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 9 1)')
    False
    >>> structure_has_attachment(b'("IMAGE" "PNG" ("NAME" "a.png") NIL NIL "BASE64" 9)')
    True

    Source: RFC 3501, section 7.4.2, body-type; imap/message.c, ``message_write_body``.
    """
    return _ATTACHED.search(structure) is not None
