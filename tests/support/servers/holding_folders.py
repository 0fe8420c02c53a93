"""What a server can hold of folders: names, uses, rights, read state of others, METADATA."""

from __future__ import annotations

from collections.abc import Iterator

from imapclient.exceptions import IMAPClientError

from tests.support.appending import NewMessage
from tests.support.imap_contents import acl_of, folder_names, seen_uids, subscriptions_of
from tests.support.servers.answers import (
    KEPT,
    NOT_OFFERED,
    Answer,
    ask,
    compared,
    counted,
    refused,
    said_by,
)
from tests.support.servers.asked import Asked

_PLAIN = NewMessage(octets=b"Subject: asked\r\n\r\nBody\r\n")
_NAMES = (
    "déjà vu",
    "日本語",
    "R&D",
    "a.b",
    "a/b",
    "a\\b",
    "a%b",
    "a*b",
    'a"b',
    "~a",
    "#a",
    "a:b",
    " a",
    "a ",
    "😀",
)
_LONGEST = (100, 200, 240, 255, 400, 490)
_DEEPEST = (10, 20, 40)


def names(asked: Asked) -> Answer:
    """Which of some names can be made and are then listed as they are."""
    lost = [
        name for name in _NAMES if not _is_made(asked, f"n{name}n" if name[0] == "a" else name)
    ]
    told = " ".join(f"`{name}`" for name in lost)
    return counted(len(_NAMES) - len(lost), len(_NAMES), f"not {told}")


def case(asked: Asked) -> Answer:
    """Two folders beside each other."""
    asked.client.create_folder(asked.folder("Twin"))
    if not _is_made(asked, "twin"):
        return Answer(verdict="refused", note="the second")
    return compared({"Twin", "twin"}, set(_own(asked)) & {"Twin", "twin"})


def longest(asked: Asked) -> Answer:
    """Octets of one part of a name."""
    made = [octets for octets in _LONGEST if _is_made(asked, "x" * octets)]
    return Answer(verdict="kept", note=f"{max(made, default=0)} octets of {_LONGEST[-1]} tried")


def depth(asked: Asked) -> Answer:
    """Folders within folders."""
    made = [levels for levels in _DEEPEST if _is_made(asked, *["d"] * levels)]
    return Answer(verdict="kept", note=f"{max(made, default=0)} of {_DEEPEST[-1]} tried")


def special_use(asked: Asked) -> Answer:
    """Given by a client: with CREATE (RFC 6154), else by METADATA."""
    if "CREATE-SPECIAL-USE" in asked.capabilities:
        name = asked.folder("Old")
        status, said = ask(asked.client, "CREATE", f'"{name}"', "(USE (\\Archive))")
        return _is_used(asked, name) if status == "OK" else refused(said)
    if "METADATA" in asked.capabilities:
        name = asked.new_folder()
        words = '(/private/specialuse "\\\\Archive")'
        status, said = ask(asked.client, "SETMETADATA", f'"{name}"', words)
        return _is_used(asked, name) if status == "OK" else refused(said)
    return NOT_OFFERED


def _is_used(asked: Asked, name: str) -> Answer:
    listed = {folder: flags for flags, _, folder in asked.client.list_folders()}
    return compared(given=True, came_back=b"\\Archive" in listed.get(name, ()), note="not told")


def private_metadata(asked: Asked) -> Answer:
    """The user's own comment on a folder (RFC 5464)."""
    return _metadata(asked, "/private/comment")


def shared_metadata(asked: Asked) -> Answer:
    """Everybody's comment on it, set by its owner."""
    return _metadata(asked, "/shared/comment")


def _metadata(asked: Asked, entry: str) -> Answer:
    if "METADATA" not in asked.capabilities:
        return NOT_OFFERED
    name = asked.new_folder()
    status, said = ask(asked.client, "SETMETADATA", f'"{name}"', f'({entry} "asked")')
    if status != "OK":
        return refused(said)
    asked.client._imap.untagged_responses.pop("METADATA", None)
    ask(asked.client, "GETMETADATA", f'"{name}"', f"({entry})")
    told = repr(asked.client._imap.untagged_responses.pop("METADATA", []))
    return compared(given=True, came_back="asked" in told, note="lost")


def rights(asked: Asked) -> Answer:
    """Another's, given by the owner (RFC 4314)."""
    if "ACL" not in asked.capabilities:
        return NOT_OFFERED
    name = asked.new_folder()
    try:
        asked.client.setacl(name, asked.other, "lrs")
    except IMAPClientError as error:
        return refused(said_by(error))
    return compared("lrs", acl_of(asked.client, name).get(asked.other))


def seen_of_others(asked: Asked) -> Answer:
    """Another reads one of two messages of a folder: he has his own \\Seen there."""
    if "ACL" not in asked.capabilities:
        return NOT_OFFERED
    name = asked.new_folder()
    for _ in range(2):
        asked.client.append(name, _PLAIN.octets)
    asked.client.setacl(name, asked.other, "lrs")
    last = name.removeprefix(asked.prefix)
    with asked.client_as(asked.other) as client:
        seen = next((each for each in folder_names(client) if each.endswith(last)), None)
        if seen is None:
            return Answer(verdict="refused", note="others do not see the folder")
        client.select_folder(seen)
        client.add_flags([1], ["\\Seen"])
        his = seen_uids(client, seen)
    mine = seen_uids(asked.client, name)
    if his == {1} and not mine:
        return KEPT
    return Answer(verdict="changed", note="one \\Seen for all" if mine else "lost")


def subscriptions(asked: Asked) -> Answer:
    """Of a folder that is there, and of none."""
    name = asked.new_folder()
    asked.client.subscribe_folder(name)
    if name not in subscriptions_of(asked.client):
        return Answer(verdict="changed", note="lost")
    gone = asked.folder("never-made")
    try:
        asked.client.subscribe_folder(gone)
    except IMAPClientError:
        return Answer(verdict="kept", note="of folders that are there")
    is_told = gone in subscriptions_of(asked.client)
    note = "of folders that are not there, too" if is_told else "of folders that are there"
    return Answer(verdict="kept", note=note)


def _is_made(asked: Asked, *parts: str) -> bool:
    """Whether a folder of those parts can be made, and then is listed by its name."""
    if any(asked.separator in part for part in parts):
        return False
    name = asked.folder(*parts)
    try:
        asked.client.create_folder(name)
    except IMAPClientError:
        return False
    return name in folder_names(asked.client)


def _own(asked: Asked) -> Iterator[str]:
    for name in folder_names(asked.client):
        yield name.removeprefix(asked.prefix)
