r"""``show --json`` and ``ls --json`` say of every sample what its server said over IMAP.

Everything that a truth file holds is compared, of every mailbox, deleted ones included,
but for this:

* ``attributes``, ``separator``, ``imap_name``, ``capabilities``, ``namespaces``: how a
  server spells names to a client, not what a backup holds;
* ``status.unseen``: as the administrator sees it, whose ``\Seen`` nobody asks for; what
  the owner and the readers have seen is compared instead;
* ``length``: always ``size``;
* annotations that nobody wrote: ``lastupdate`` is the time of a file, ``synccrcs``,
  ``foldermodseq`` and ``hasalarms`` are computed when they are asked for, and
  ``userrawquota`` is the quota once more; all others are compared;
* ``To``, and the modseq of expunged messages: the truth did not ask;
* ``\Deleted`` of expunged messages, which the truth has as they were before that;
* ``\Seen`` in a user's folder that the truth shows as the administrator saw it;
* blanks at the ends of header fields, which only an envelope keeps.

Of header fields that come twice, an envelope has the last from 3.0 on, the first before.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import document, lines, printed
from tests.support.truth_spools import GOLDEN_IDS, LARGER_IDS, Sample, Samples
from tests.support.truth_stated import (
    DELETED,
    SEEN,
    Json,
    Raw,
    boxes_of,
    expunged_uids,
    in_order,
    index_stated,
    is_seen_said,
    mailbox_stated,
    message_stated,
    own_readers,
    subscriptions_stated,
)


@pytest.fixture(scope="session")
def samples(as_root: None, tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """All samples for all tests here: nothing changes them."""
    return Samples(tmp_path_factory.mktemp("samples"))


LARGER = [pytest.param(f"larger {name}", marks=pytest.mark.slow) for name in LARGER_IDS]


@pytest.fixture(params=[*GOLDEN_IDS, *LARGER])
def sample(request: pytest.FixtureRequest, samples: Samples) -> Sample:
    """Each sample in turn; the larger ones where they are."""
    kind, _, name = request.param.rpartition(" ")
    if not kind:
        return samples.golden(name)
    folder: Path = request.getfixturevalue("larger_spools")
    return samples.larger(name, folder)


def accounts_of(sample: Sample) -> list[str]:
    """Every account, written so that it means one alone."""
    words = {"user": "user", "mailshare": "share"}
    found = document("accounts", *sample.options)["accounts"]
    return [f"{words[each['kind']]}/{each['account']}" for each in found]


def shown(sample: Sample) -> Iterator[tuple[str, Json]]:
    """Every mailbox as ``show`` has it, with its account."""
    for account in accounts_of(sample):
        for mailbox in document("show", account, "--raw", *sample.options)["mailboxes"]:
            yield account, mailbox


def test_every_mailbox_and_message_is_as_its_server_said(sample: Sample) -> None:
    boxes = boxes_of(sample.truth)
    found: set[str] = set()
    differing: dict[str, Json] = {}
    for account, mailbox in shown(sample):
        name = mailbox["name"]
        found.add(name)
        listed = lines("ls", account, f"={mailbox['path']}", "--include-expunged", *sample.options)
        differences = {
            **mailbox_differences(boxes[name], mailbox),
            **message_differences(boxes[name], listed),
        }
        if differences:
            differing[name] = differences
    assert found == set(boxes)
    assert differing == {}


def test_subscriptions_are_as_the_server_said(sample: Sample) -> None:
    """
    A server does not tell of mailboxes that are gone, whose subscription it keeps.
    """
    there = sample.truth["mailboxes"].keys()
    said = {
        user: subscriptions_stated(sample.truth, user) for user in sample.truth["subscriptions"]
    }
    found = {
        user: document("show", f"user/{user}", "=INBOX", *sample.options)["subscriptions"]
        for user in said
    }

    assert {user: sorted(there & set(names)) for user, names in found.items()} == said


@pytest.mark.parametrize("name", ["2.4.20", "3.10.3", "dataprotect-bm4"])
def test_the_installed_command_prints_the_same(samples: Samples, name: str) -> None:
    sample = samples.golden(name)
    for words in (
        ("show", "share/contact@bluemind.loc"),
        ("ls", "user/jdoe@bluemind.loc", "INBOX", "--include-expunged", "--raw"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "respool", *words, *sample.options, "--json"],
            capture_output=True,
            check=True,
            text=True,
        )
        assert done.stdout == printed(*words, *sample.options, "--json")


def mailbox_differences(box: Raw, mailbox: Json) -> Json:
    """Fields of ``show`` that are not as the truth has them: found and said."""
    readers = {each["reader"]: each["messages"] for each in mailbox["seen_by"]}
    found = {
        **mailbox,
        "keywords": sorted(mailbox["keywords"]),
        "annotations": in_order(mailbox["annotations"]),
        "seen_by": {reader: readers.get(reader, 0) for reader in own_readers(box)},
        "deleted_at": mailbox["deleted_at"],
    }
    index = mailbox["raw"]["index"]
    options = {name: name in index["options_by_name"] for name in ("pop3_new_uidl", "dupdeliver")}
    return {
        **differing_fields(found, mailbox_stated(box)),
        **differing_fields({**index, **options}, index_stated(box)),
    }


def message_differences(box: Raw, listed: list[Json]) -> Json:
    """By UID, fields of ``ls`` that are not as the truth has them."""
    stated = {
        each["uid"]: each
        for messages, expunged in ((box["messages"], False), (box.get("expunged") or [], True))
        for each in (message_stated(box, message, expunged=expunged) for message in messages)
    }
    found = {each["uid"]: each for each in listed}
    assert [each["uid"] for each in listed] == sorted(found)
    differences: Json = {}
    if sorted(each["uid"] for each in listed if each["expunged"]) != expunged_uids(box):
        differences["expunged"] = expunged_uids(box)
    if sorted(uid for uid in found if not found[uid]["expunged"]) != [
        each["uid"] for each in box["messages"]
    ]:
        differences["uids"] = sorted(found)
    for uid in stated.keys() & found.keys():
        differing = differing_fields(comparable(box, found[uid]), stated[uid])
        if differing:
            differences[str(uid)] = differing
    return differences


def comparable(box: Raw, message: Json) -> Json:
    """A line of ``ls`` with what has no order in an order, and one reader's words."""
    flags = set(message["flags"])
    if not is_seen_said(box, expunged=message["expunged"]):
        flags.discard(SEEN)
    if message["expunged"]:
        flags.discard(DELETED)
    return {
        **message,
        "flags": sorted(flags),
        "from": [[each["name"], each["address"]] for each in message["from"]],
        "annotations": in_order(message["annotations"]),
        "seen_by": [each for each in message["seen_by"] if each in own_readers(box)],
    }


def differing_fields(found: Json, stated: Json) -> Json:
    return {
        name: {"found": found.get(name, "absent"), "said": value}
        for name, value in stated.items()
        if found.get(name, "absent") != value
    }
