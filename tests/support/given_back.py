"""What readers have of their own on a server, looked at as each of them, and what is true."""

from __future__ import annotations

import contextlib
import imaplib
from collections.abc import Iterable, Iterator, Mapping

from imapclient import IMAPClient, imap_utf7
from imapclient.exceptions import IMAPClientError

from respool.system.answer_words import parse_words
from tests.support.directions import DOMAIN, TargetAccount, create_share
from tests.support.imap_contents import seen_uids
from tests.support.private_cyrus import PrivateCyrus
from tests.support.truth import Truth, TruthMailbox

READERS = tuple(f"{login}@{DOMAIN}" for login in ("jdoe", "alice", "john.doe"))
Marks = Mapping[tuple[str, str], frozenset[int]]  # by reader and path
EXPIRE = "/shared/vendor/cmu/cyrus-imapd/expire"
ENTRIES = ("/shared/comment", "/private/comment", "/private/specialuse", EXPIRE)
# A command that the library does not know is else allowed only where it is first used.
imaplib.Commands.update(dict.fromkeys(("GETMETADATA", "SETMETADATA"), ("AUTH", "SELECTED")))


def with_readers(server: PrivateCyrus, readers: Iterable[str] = READERS) -> None:
    """Their accounts, if they are not there yet."""
    for reader in readers:
        with contextlib.suppress(imaplib.IMAP4.error):
            server.create_user(reader)


def share_like(server: PrivateCyrus, box: TruthMailbox, login: str) -> TargetAccount:
    """A new, empty mailshare with the rights that another had."""
    create_share(server, login, {who: may for who, may in box.acl.items() if who != "anyone"})
    return TargetAccount(kind="share", login=login, readers=READERS)


def true_marks(truth: Truth, login: str) -> Marks:
    """What every reader had read of a mailshare where he could keep it; nothing is left out."""
    local, _, domain = login.partition("@")
    return {
        (reader, _path(box, local)): uids
        for box in _boxes(truth, local, domain)
        for reader, uids in box.seen_by.items()
        if uids
    }


def marks_of(
    server: PrivateCyrus, target: TargetAccount, below: str, marks: Marks
) -> Iterator[tuple[tuple[str, str], frozenset[int]]]:
    """The same reader and path of ``marks``, with what he sees now in the folder ``below``."""
    for reader, path in marks:
        name = target.name_for_readers(below if path == "INBOX" else f"{below}/{path}")
        with server.client_as(reader) as client:
            try:
                yield (reader, path), seen_uids(client, name)
            except IMAPClientError:
                yield (reader, path), frozenset()


def true_annotations(truth: Truth, login: str) -> Mapping[str, Mapping[str, str]]:
    """Path → what the owner, or for a mailshare everybody, saw of ``ENTRIES``."""
    local, _, domain = login.partition("@")
    found = {
        _path(box, local): {
            entry: value
            for entry, value in {**box.annotations, **box.owner_annotations}.items()
            if entry in ENTRIES
        }
        for box in _boxes(truth, local, domain)
    }
    return {path: values for path, values in found.items() if values}


def annotations_of(client: IMAPClient, folder: str) -> Mapping[str, str]:
    """What the client's user sees of ``ENTRIES``."""
    words = " ".join(f'"{entry}"' for entry in ENTRIES)
    name = imap_utf7.encode(folder).decode("ascii")
    imap = client._imap
    imap.untagged_responses.pop("METADATA", None)
    status, answer = imap.xatom("GETMETADATA", f'"{name}"', f"({words})")
    assert status == "OK", answer
    told = parse_words(imap.untagged_responses.pop("METADATA", []))
    values = told[-1] if told else ()
    pairs = zip(values[::2], values[1::2], strict=True)
    return {
        entry.decode(): value.decode()
        for entry, value in pairs
        if value is not None and entry.decode() in ENTRIES
    }


def message_annotations_of(client: IMAPClient, folder: str) -> Mapping[int, Mapping[str, str]]:
    """UID → ``/comment value.priv`` and the like, as the client's user sees them."""
    client.select_folder(folder, readonly=True)
    imap = client._imap
    imap.untagged_responses.pop("FETCH", None)
    asked = '(ANNOTATION (("/comment" "/altsubject") ("value.priv" "value.shared")))'
    status, answer = imap.uid("FETCH", "1:*", asked)
    assert status == "OK", answer
    found: dict[int, dict[str, str]] = {}
    for items in parse_words(answer)[1::2]:
        named = dict(zip(items[::2], items[1::2], strict=True))
        entries = named[b"ANNOTATION"]
        values = {
            f"{entry.decode()} {attribute.decode()}": value.decode()
            for entry, attributes in zip(entries[::2], entries[1::2], strict=True)
            for attribute, value in zip(attributes[::2], attributes[1::2], strict=True)
            if value is not None
        }
        if values:
            found[int(named[b"UID"])] = values
    return found


def _boxes(truth: Truth, local: str, domain: str) -> Iterator[TruthMailbox]:
    for box in truth.mailboxes.values():
        path, _, its = box.name.rpartition("@")
        if not box.is_deleted and its == domain and f"{path}/".startswith(f"{local}/"):
            yield box


def _path(box: TruthMailbox, local: str) -> str:
    path, _, _ = box.name.rpartition("@")
    return path.removeprefix(local).removeprefix("/") or "INBOX"
