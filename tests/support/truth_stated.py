r"""What a truth file says of mailboxes and messages, in the words of ``show`` and ``ls --json``.

Each function makes of the server's own answers what a command ought to print. A field
that the truth does not hold for a mailbox is left out, and so is nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime
from typing import Any

Raw = Mapping[str, Any]
Json = dict[str, Any]

CYRUS = "/shared/vendor/cmu/cyrus-imapd/"
SEEN = "\\Seen"
DELETED = "\\Deleted"
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")
_OF_USER = "DELETED/user/"
_STORED = ("/shared/comment", "/shared/vendor/cmu/cyrus-imapd/expire")


def boxes_of(truth: Raw) -> dict[str, Raw]:
    r"""Mailboxes by name; those below DELETED with the flags that their owner saw before.

    The administrator, who alone sees them there, does not see the owner's ``\Seen``.
    """
    boxes: dict[str, Raw] = dict(truth["mailboxes"])
    former = truth.get("deleted_mailboxes") or {}
    for name, box in boxes.items():
        before = former.get(_former_name(name)) if box.get("deleted") else None
        if before is not None:
            flags = {message["uid"]: message["flags"] for message in before}
            messages = [{**each, "flags": flags[each["uid"]]} for each in box["messages"]]
            boxes[name] = {**box, "messages": messages, "seen_by_owner": name.startswith(_OF_USER)}
    return boxes


def is_of_user(box: Raw) -> bool:
    r"""Whether it belongs to a person, whose ``\Seen`` its flags have."""
    return bool(box["decoded"].startswith((_OF_USER, "user/")))


def mailbox_stated(box: Raw) -> Json:
    """A mailbox as ``show --json`` ought to have it."""
    stated: Json = {
        "messages": len(box["messages"]),
        "expunged": len(expunged_uids(box)),
        "size_bytes": sum(message["size"] for message in box["messages"]),
        "uidvalidity": box["status"]["uidvalidity"],
        "uidnext": box["status"]["uidnext"],
        "highestmodseq": box["highestmodseq"],
        "keywords": sorted(box["keywords"]),
        "acl": dict(box["acl"]),
        "annotated_messages": sum(bool(each.get("annotations")) for each in box["messages"]),
        "seen_by": reader_counts(box),
        "deleted_at": deleted_at_stated(box),
        "findings": [],
    }
    if is_seen_said(box, expunged=False):
        stated["unseen"] = sum(SEEN not in each["flags"] for each in box["messages"])
    elif not is_of_user(box):
        stated["unseen"] = None
    if "annotations" in box:  # not asked below DELETED, and no quota either
        said = box["annotations"]
        stated |= {
            "partition": said[f"{CYRUS}partition"],
            "shared_seen": said[f"{CYRUS}sharedseen"] == "true",
            "size_bytes": int(said[f"{CYRUS}size"]),
            "quota": quota_stated(box["quota"]),
            "annotations": annotations_stated(box),
            "special_use": special_use(box),
        }
        if f"{CYRUS}uniqueid" in said:  # 2.4 does not tell
            stated["uniqueid"] = said[f"{CYRUS}uniqueid"]
    return stated


def index_stated(box: Raw) -> Json:
    """What the server says of an index's header, by the names of ``show --raw``."""
    said = box.get("annotations") or {}
    stated: Json = {
        "uidvalidity": box["status"]["uidvalidity"],
        "last_uid": box["status"]["uidnext"] - 1,
    }
    if f"{CYRUS}duplicatedeliver" in said:
        stated["dupdeliver"] = said[f"{CYRUS}duplicatedeliver"] == "true"
    if f"{CYRUS}pop3newuidl" in said and box["messages"]:  # an empty one is always said to be so
        stated["pop3_new_uidl"] = said[f"{CYRUS}pop3newuidl"] == "true"
    if f"{CYRUS}annotsize" in said:
        stated["quota_annot_used"] = int(said[f"{CYRUS}annotsize"])
    if said.get(f"{CYRUS}lastpop", "").isspace():
        stated["pop3_last_login"] = 0
    return stated


def deleted_at_stated(box: Raw) -> str | None:
    """The server puts the time behind the name, in hexadecimal."""
    if not box.get("deleted"):
        return None
    seconds = int(box["decoded"].partition("@")[0].rpartition("/")[2], 16)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def quota_stated(quota: Raw | None) -> Json | None:
    """Used and limit by resource; None where the mailbox counts for no root."""
    if quota is None or quota["root"] is None:
        return None
    resources = {
        name: {"used": used, "limit": limit} for name, (used, limit) in quota["resources"].items()
    }
    return {"root": quota["root"], "resources": resources}


def annotations_stated(box: Raw) -> list[Json]:
    """Those that somebody wrote; the others are what the server knows itself."""
    said = {**(box["annotations"] or {}), **(box.get("owner_annotations") or {})}
    stated = [
        _annotation(entry.removeprefix("/shared"), None, value)
        for entry, value in said.items()
        if entry in _STORED
    ]
    stated += [
        _annotation(entry.removeprefix("/private"), box["owner"], value)
        for entry, value in said.items()
        if entry.startswith("/private/")
    ]
    return in_order(stated)


def in_order(annotations: list[Json]) -> list[Json]:
    return sorted(annotations, key=lambda each: (each["entry"], each["userid"] or ""))


def subscriptions_stated(truth: Raw, user: str) -> list[str]:
    """A user's subscriptions by the administrator's names: he has other ones himself."""
    login, _, domain = user.partition("@")
    own = f"user/{login}"
    below_inbox = truth["altnamespace"] == "no"
    names = []
    for name in truth["subscriptions"][user]:
        if name.startswith("Shared Folders/"):
            internal = name.removeprefix("Shared Folders/")
        elif name.startswith("Other Users/"):
            internal = f"user/{name.removeprefix('Other Users/')}"
        elif name == "INBOX" or (below_inbox and name.startswith("INBOX/")):
            internal = own + name.removeprefix("INBOX")
        else:
            internal = name if below_inbox else f"{own}/{name}"
        names.append(f"{internal}@{domain}")
    return sorted(names)


def special_use(box: Raw) -> list[str]:
    words: str = (box.get("owner_annotations") or {}).get("/private/specialuse", "")
    return words.split()


def expunged_uids(box: Raw) -> list[int]:
    """UIDs of expunged messages whose files are there: below DELETED only as messages."""
    known = box.get("expunged_uids")
    return sorted(
        known if known is not None else [each["uid"] for each in box.get("expunged", [])]
    )


def own_readers(box: Raw) -> dict[str, list[int]]:
    r"""Readers with a ``\Seen`` of their own: neither the owner's nor everybody's."""
    if (box.get("annotations") or {}).get(f"{CYRUS}sharedseen") == "true":
        return {}
    return {
        reader: uids for reader, uids in sorted(box["seen_by"].items()) if reader != box["owner"]
    }


def reader_counts(box: Raw) -> dict[str, int]:
    return {reader: len(uids) for reader, uids in own_readers(box).items()}


def is_seen_said(box: Raw, *, expunged: bool) -> bool:
    r"""Whether the truth's flags have the ``\Seen`` that a record has: its owner's or everybody's.

    Expunged messages were seen, before, by whoever expunged them.
    """
    if (box.get("annotations") or {}).get(f"{CYRUS}sharedseen") == "true":
        return True
    is_owner = box["owner"] is not None and box["viewer"] == box["owner"]
    return is_owner or (bool(box.get("seen_by_owner")) and not expunged)


def message_stated(box: Raw, message: Raw, *, expunged: bool) -> Json:
    """A message as ``ls --json --include-expunged`` ought to have it."""
    stated: Json = {
        "uid": message["uid"],
        "guid": message["sha1"],
        "internaldate": internaldate_stated(message["internaldate"]),
        "size_bytes": message["size"],
        "flags": sorted(_flags(box, message, expunged=expunged)),
        "expunged": expunged,
        "subject_raw": text_stated(message["subject"]),
        "from": [[decoded(name), text_stated(address)] for name, address in message["from"]],
        "date": date_stated(message["date"]),
        "message_id": text_stated(message["message_id"]),
    }
    if not expunged:
        stated["modseq"] = message["modseq"]
        stated["annotations"] = message_annotations(box, message)
        stated["seen_by"] = [
            reader for reader, uids in own_readers(box).items() if message["uid"] in uids
        ]
    return stated


def message_annotations(box: Raw, message: Raw) -> list[Json]:
    """``value.shared`` is everybody's, ``value.priv`` that of whom the truth asked as."""
    stated = []
    for name, value in message.get("annotations", {}).items():
        entry, _, kind = name.partition(" value.")
        userid = None if kind == "shared" else box["viewer"]
        stated.append(_annotation(entry, userid, value))
    return in_order(stated)


def internaldate_stated(text: str) -> str:
    moment = datetime.strptime(text.strip(), "%d-%b-%Y %H:%M:%S %z")
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def date_stated(text: str | None) -> str | None:
    """What a sender wrote, in UTC; None where that is no date."""
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def text_stated(text: str | None) -> str | None:
    r"""Header text as people read it, without blanks at its ends.

    The truth has octets that are no UTF-8 as ``\xe9``, and what follows them by accident
    as UTF-8: all of such a text is Windows' instead.
    """
    if text is None:
        return None
    pieces = _ESCAPED.split(text)
    octets = b"".join(
        bytes([int(piece, 16)]) if number % 2 else piece.encode()
        for number, piece in enumerate(pieces)
    )
    return (text if len(pieces) == 1 else octets.decode("cp1252", "replace")).strip()


def decoded(name: str | None) -> str | None:
    return None if name is None else str(make_header(decode_header(text_stated(name) or "")))


def _annotation(entry: str, userid: str | None, value: str) -> Json:
    return {"entry": entry, "userid": userid, "value": value}


def _former_name(name: str) -> str:
    path, _, domain = name.removeprefix("DELETED/").rpartition("@")
    return f"{path.rpartition('/')[0]}@{domain}"


def _flags(box: Raw, message: Raw, *, expunged: bool) -> set[str]:
    flags = set(message["flags"])
    return flags if is_seen_said(box, expunged=expunged) else flags - {SEEN}
