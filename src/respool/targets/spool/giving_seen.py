"""Giving a reader back what he has read: in a session of his own."""

from __future__ import annotations

from respool.errors import LoginRefused, ServerSaidNo
from respool.model.names import MailboxName
from respool.model.state import UidSet
from respool.runs.actor import Note
from respool.system.cyrus_server import CyrusServer
from respool.system.namespaces import name_for
from respool.system.read_marks import seen_among, set_seen
from respool.targets.spool.steps import GiveSeen


def give_seen(server: CyrusServer, step: GiveSeen) -> Note:
    r"""``\Seen`` for each message that he had read; what he may not, is noted.

    ``left`` says why he got nothing; ``others`` are UIDs between those of the step that
    he had read before.
    """
    uids = UidSet.parse(step.uids)
    mailbox = MailboxName(domain=step.domain, parts=step.parts)
    try:
        with server.as_user(step.reader) as reader:
            name = name_for(reader, step.reader, mailbox, default_domain=server.default_domain)
            reader.open_to_change(name)
            before = seen_among(reader, uids)
            set_seen(reader, uids)
            unread = uids.minus(seen_among(reader, uids))
    except (LoginRefused, ServerSaidNo) as error:
        why = error.what if error.why is None else f"{error.what}: {error.why}"
        return {"reader": step.reader, "left": why}
    marks = uids.count - unread.count
    others = str(before.minus(uids))
    return {"reader": step.reader, "name": name, "marks": marks, "others": others}
