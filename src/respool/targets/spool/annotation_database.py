"""Writing annotations by the server's own database program, where IMAP would end its process.

Cyrus 3.6 dies of SETMETADATA on a mailbox that nobody owns (assertion
``user_isnamespacelocked``, seen on 3.6.1); 3.2.6, 3.10.2 and 3.12.4 do not.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from respool.errors import StepFailed
from respool.planning.annotating import AnnotationStep, PlannedAnnotation
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.rebuilding import recount

_DIES_FROM, _DIES_BEFORE = (3, 3, 0), (3, 10, 0)  # seen on 3.6.1 only: the others may
_FORM_FROM = (3, 6, 0)  # keys begin with the unique id
_TYPE: Final = b"text/plain"


def is_deadly(server: CyrusServer, step: AnnotationStep) -> bool:
    """Whether this server must not be asked for an annotation of that mailbox over IMAP."""
    return step.parts[0] != "user" and _DIES_FROM <= server.version < _DIES_BEFORE


def is_known(server: CyrusServer) -> bool:
    """Whether the form of its records is known."""
    return server.version >= _FORM_FROM


def store(server: CyrusServer, step: AnnotationStep, of: Sequence[PlannedAnnotation]) -> None:
    """Put annotations of the mailbox itself into the database, and have them counted.

    Raises:
        StepFailed: the program refused, or the mailbox could not be counted, or has no id.
    """
    uniqueid = _uniqueid(server, step)
    _batch(
        server,
        step,
        b"".join(
            b"SET %b %b\n" % (_literal(_key(uniqueid, step.userid, each)), _literal(_record(each)))
            for each in of
        ),
    )


def remove(server: CyrusServer, step: AnnotationStep, of: Sequence[PlannedAnnotation]) -> None:
    """Take annotations of the mailbox itself out of the database.

    Raises:
        StepFailed: as `store`.
    """
    uniqueid = _uniqueid(server, step)
    keys = (_literal(_key(uniqueid, step.userid, each)) for each in of)
    _batch(server, step, b"".join(b"DELETE %b\n" % key for key in keys))


def _uniqueid(server: CyrusServer, step: AnnotationStep) -> bytes:
    uniqueid = (server.uniqueid(step.lane) or "").encode("ascii")
    if not uniqueid:  # a key without one is of the whole server: expire would hold for all mail
        raise StepFailed(f"annotations of {step.lane} could not be written", why="it has no id")
    return uniqueid


def _batch(server: CyrusServer, step: AnnotationStep, said: bytes) -> None:
    configuration = server.configuration
    path = configuration.text("annotation_db_path") or (
        f"{configuration.configdirectory}/annotations.db"
    )
    kind = configuration.text("annotation_db", "twoskip")
    told = said.decode("utf-8", "surrogateescape")
    done = server.run_tool("cyr_dbtool", path, kind, "batch", told=told)
    if done.status != 0 or done.errors.strip():
        raise StepFailed(
            f"annotations of {step.lane} could not be written", why=done.errors.strip()[:500]
        )
    recount(server, step.lane)


def _key(uniqueid: bytes, userid: str, each: PlannedAnnotation) -> bytes:
    """Source: imap/annotate.c, make_key @3.6.7; seen on 3.6.1."""
    words = (uniqueid, each.entry.encode("utf-8"), userid.encode("utf-8"), b"")
    return b"\0".join(words)


def _record(each: PlannedAnnotation) -> bytes:
    """Length, value, type, time, modseq, flags.

    Source: imap/annotate.c, split_attribs @3.6.7; seen on 3.6.1.
    """
    octets = each.octets
    length = struct.pack(">I4x", len(octets))
    return length + octets + b"\0" + _TYPE + b"\0" + bytes(8 + 8 + 1)


def _literal(octets: bytes) -> bytes:
    return b"{%d+}\r\n%b" % (len(octets), octets)
