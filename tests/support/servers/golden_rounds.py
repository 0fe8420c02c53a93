"""Every account of a golden sample, restored into a server, and compared with its truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

from imapclient import imap_utf7

from respool.planning.plan import PlanHead
from respool.runs.journal import RunJournal
from respool.system.imap_places import ImapAddress
from tests.support.directions import (
    INTO,
    Folders,
    TargetAccount,
    check_target_sound,
    folders_of,
    fresh_target,
    true_folders,
    unread,
)
from tests.support.given_back import (
    annotations_of,
    marks_of,
    share_like,
    true_annotations,
    true_marks,
    with_readers,
)
from tests.support.imap_account import ImapHost, below, plain
from tests.support.imap_contents import HeldMessage, subscriptions_of
from tests.support.imap_restoring import begun, imap_server, plan_into
from tests.support.private_cyrus import PrivateCyrus
from tests.support.restoring import restored, settings_elsewhere, settings_for, wish
from tests.support.truth import Truth
from tests.support.whole_account import Source, true_subscriptions

Target = Literal["spool", "imap"]
MOST_SAID = 5
SEEN_BY_ALL = {"share/info@bluemind.loc"}  # its readers have one read state together
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One account that was restored: how much it is, and what did not come back as it was.

    ``named`` are losses that the receipt names, each with its reason; ``differences`` are
    all others, of which there may be none.
    """

    account: str
    folders: int
    messages: int
    named: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def accounts_of(truth: Truth) -> tuple[str, ...]:
    """Users and mailshares, as they are typed, in order."""
    found = set()
    for box in truth.mailboxes.values():
        if box.is_deleted:
            continue
        if box.owner is not None:
            found.add(f"user/{box.owner}")
        else:
            path, _, domain = box.name.rpartition("@")
            found.add(f"share/{path.partition('/')[0]}@{domain}")
    return tuple(sorted(found))


def round_by_spool(
    server: PrivateCyrus, source: Source, backup: Path, state: Path, account: str
) -> Round:
    """Restore ``account`` into a fresh one of its kind, by the spool; look as its readers."""
    truth, settings = source.truth, settings_for(server, backup, state)
    errors = server.error_lines()  # of being asked things that it refuses
    kind, _, login = account.partition("/")
    true = true_folders(truth, account)
    if kind == "user":
        target, expected = fresh_target(server, "user"), true
    else:
        with_readers(server)
        box = truth.mailboxes[login]
        target = share_like(server, box, f"round{next(_NUMBERS)}@bluemind.loc")
        expected = unread(true)
    receipt = restored(
        settings, wish(account, generation=source.generation, to=target.written, into=INTO)
    )
    told = [] if receipt.verdict.value == "proven" else [f"verdict {receipt.verdict.value}"]
    if kind == "user":
        told += differences(expected, folders_of(server, target, target.login))
    else:
        told += _of_share(server, target, truth, login, expected)
    try:
        check_target_sound(server, target, errors)
    except AssertionError:
        told += ["the server has something to mend", *server.error_lines()[len(errors) :]]
    return Round(
        account=account,
        folders=len(true),
        messages=sum(map(len, true.values())),
        differences=tuple(told),
    )


def round_by_imap(
    host: ImapHost, source: Source, backup: Path, state: Path, account: str
) -> Round:
    """Restore ``account`` over IMAP, as its user, into a fresh one; look as he does.

    Folders whose names the server refuses get others, as ``--rename auto`` has it.
    """
    login = f"far{next(_NUMBERS)}@bluemind.loc"
    host.create_user(login)
    settings = settings_elsewhere(host.password, backup, state)
    server = imap_server(ImapAddress(host=host.host, port=host.port), login, host.password)
    asked = wish(account, generation=source.generation, into=INTO)
    plan = plan_into(settings, asked, server, is_renaming_freely=True)
    with begun(settings, plan, server) as run:
        run.carry_out()
        proofs, lost = run.proofs(), _lost(run.journal)
    true = true_folders(source.truth, account)
    told = [
        f"{lane}: {proof['proven']} of {proof['expected']} proven"
        for lane, proof in proofs.items()
        if proof["proven"] != proof["expected"]
    ]
    expected: dict[str, tuple[HeldMessage, ...]] = {}
    for each in plan.head.mailboxes:
        lane, path = each.target_name, each.source_path
        held = () if path is None else true[path]
        kept = tuple(one for one in held if (lane, one.uid) not in lost)
        expected[imap_utf7.decode(lane.encode("ascii"))] = kept
    missing = true.keys() - {each.source_path for each in plan.head.mailboxes}
    told += [f"{path}: missing" for path in sorted(missing) if true[path]]
    is_own = account.startswith("user/") or account in SEEN_BY_ALL
    seen = expected if is_own else unread(expected)
    told += _besides(host, login, plan.head, source.truth, account)
    top = min((each.target_name for each in plan.head.mailboxes), key=len)
    found = below(host, login, top)
    return Round(
        account=account,
        folders=len(true),
        messages=sum(map(len, true.values())),
        named=tuple(f"{lane}, {uid}: {why}" for (lane, uid), why in lost.items()),
        differences=(*told, *differences(plain(seen), plain(found))),
    )


def _besides(
    host: ImapHost, login: str, head: PlanHead, truth: Truth, account: str
) -> Iterator[str]:
    """What a user had besides messages: subscriptions and annotations.

    Of annotations those are left out that the plan says will stay away.
    """
    kind, _, was = account.partition("/")
    names = {
        each.source_path: imap_utf7.decode(each.target_name.encode("ascii"))
        for each in head.mailboxes
        if each.source_path is not None
    }
    with host.client_as(login) as client:
        if kind == "user":
            wanted = {names[path] for path in true_subscriptions(truth, was, names)}
            lost = wanted - subscriptions_of(client)
            yield from (f"{name}: not subscribed" for name in sorted(lost))
        if not client.has_capability("METADATA"):
            return
        left = {each.source_path: each.annotations_left for each in head.mailboxes}
        for path, values in true_annotations(truth, account.removeprefix("share/")).items():
            found = annotations_of(client, names[path])
            for entry, value in values.items():
                is_left = any(entry.endswith(each) for each in left[path])
                if entry != "/private/specialuse" and not is_left and found.get(entry) != value:
                    yield f"{path}: {entry} is {found.get(entry)!r}, was {value!r}"


def _lost(run: RunJournal) -> Mapping[tuple[str, int], str]:
    """Folder and UID → why a message was not appended."""
    found = {}
    for row in run.rows():
        receipt = run.receipt(row.number) or {}
        for uid, why in receipt.get("lost", {}).items():
            found[row.lane, int(uid)] = str(why)
    return found


def _of_share(
    server: PrivateCyrus, target: TargetAccount, truth: Truth, login: str, expected: Folders
) -> Iterator[str]:
    """Messages as its first reader sees them, marks of all, annotations that all see."""
    reader = next(each for each in target.readers if _may_read(truth, login, each))
    found = unread(folders_of(server, target, reader))
    yield from differences(expected, found)
    true = true_marks(truth, login)
    if dict(marks_of(server, target, INTO, true)) != true:
        yield "read marks are not those of the readers"
    with server.client_as(reader) as client:
        for path, values in true_annotations(truth, login).items():
            below = INTO if path == "INBOX" else f"{INTO}/{path}"
            if annotations_of(client, target.name_for_readers(below)) != values:
                yield f"annotations of {path}"


def _may_read(truth: Truth, login: str, reader: str) -> bool:
    return "r" in truth.mailboxes[login].acl.get(reader, "")


def differences(
    expected: Mapping[str, Sequence[object]], found: Mapping[str, Sequence[object]]
) -> Iterator[str]:
    """Lines of what is not equal, the first few of each kind."""
    for path in sorted(expected.keys() - found.keys()):
        yield f"{path}: missing"
    for path in sorted(found.keys() - expected.keys()):
        yield f"{path}: more"
    for path in sorted(expected.keys() & found.keys()):
        if expected[path] == found[path]:
            continue
        pairs = [each for each in expected[path] if each not in found[path]]
        others = [each for each in found[path] if each not in expected[path]]
        yield f"{path}: expected {pairs[:MOST_SAID]}, found {others[:MOST_SAID]}"
