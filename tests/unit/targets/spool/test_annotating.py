"""Writing annotations: what a live mailbox says otherwise is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from respool.planning.annotating import PlannedAnnotation
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.annotating import annotate
from respool.targets.spool.steps import Annotate


class _Mailbox:
    """A server with one mailbox, and the session of whoever asks, which keeps annotations."""

    default_domain = None
    admin_name = "cyrus"
    version = (3, 10, 2)

    def __init__(self, **values: bytes) -> None:
        self.values = values

    @contextmanager
    def as_user(self, _name: str) -> Iterator[_Mailbox]:
        yield self

    def can(self, _capability: str) -> bool:
        return True

    def ask(self, command: str, *words: Any, **_: Any) -> tuple[Any, ...]:  # noqa: ANN401
        entry = words[1].split(b'"')[1].rpartition(b"/")[2].decode("ascii")
        if command == "SETMETADATA":
            self.values[entry] = words[1].partition(b"\r\n")[2].removesuffix(b")")
        return (b"team", (entry.encode("ascii"), self.values.get(entry)))


def after(*entries: str, is_live: bool, **values: bytes) -> tuple[dict[str, bytes], list[Any]]:
    """What is there when "mine" was written as /a and /b, and what was refused."""
    server = _Mailbox(**values)
    notes = tuple(
        PlannedAnnotation(entry=each, value="mine", uid=None) for each in entries or ("/a", "/b")
    )
    step = Annotate(lane="team", domain=None, parts=("team",), userid="", annotations=notes)
    done = annotate(cast("CyrusServer", server), step, is_live=is_live)
    return server.values, done["refused"]


def test_another_value_of_a_live_mailbox_stays_and_is_told() -> None:
    values, refused = after(is_live=True, a=b"theirs")

    assert values == {"a": b"theirs", "b": b"mine"}
    assert [(entry, uids) for entry, uids, _ in refused] == [("/a", None)]


def test_twice_is_as_once() -> None:
    assert after(is_live=True, a=b"mine", b=b"mine") == ({"a": b"mine", "b": b"mine"}, [])


def test_a_new_mailbox_gets_all() -> None:
    assert after(is_live=False, a=b"theirs") == ({"a": b"mine", "b": b"mine"}, [])


def test_a_name_that_cannot_be_sent_keeps_no_other_away() -> None:
    values, refused = after("/*", "/a", is_live=True)

    assert values == {"a": b"mine"}
    assert [entry for entry, _, _ in refused] == ["/*"]
