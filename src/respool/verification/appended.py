"""Reads what was appended to a folder of an IMAP server back, and compares it with the plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any, Final

from respool.errors import RespoolError, ServerSaidNo
from respool.model.dataclasses import dataclass
from respool.model.messages import ReadBack
from respool.model.state import SPECIAL_USE
from respool.planning.placed import as_pairs
from respool.planning.proof import ProveAppended
from respool.planning.step import ACCOUNT_LANE, MessageStep, PlannedMessage
from respool.runs.actor import Note, OnlyLooks, RunRecord
from respool.system import imap_listing as listing
from respool.system.imap import ImapSession
from respool.system.imap_server import ImapServer
from respool.verification.compare import Difference, compare_message
from respool.verification.moved_since import in_trash
from respool.verification.report import GONE

MOST_DIFFERENCES: Final = 1000  # kept one by one; more are counted
BY_USER: Final = "owner"
_MISSING: Final = "missing"
_GONE: Final = "gone"
_DELETED: Final = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """One step's messages, as they are to read back, and where each is.

    ``told_otherwise`` is the SHA-1 that the server said it took, where that is another.
    ``is_told``: it said one of each, and all of them are those of the messages.
    """

    messages: tuple[PlannedMessage, ...]
    placed: Mapping[int, int]
    uidvalidity: int | None
    told_otherwise: Mapping[str, str]
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proven:
    """What a folder's own proof found: ``missing`` are those that were not there then."""

    missing: frozenset[int]

    def had(self, uid: int) -> bool:
        """Whether it was there, by its UID in the backup."""
        return uid not in self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendedProofActor(OnlyLooks):
    """Proves folders of one account against the plan of one run, as ``by``, who appended."""

    server: ImapServer
    record: RunRecord
    by: str = BY_USER

    def observe(self, _step: ProveAppended) -> Note:
        """Nothing: it changes nothing."""
        return {}

    def perform(self, step: ProveAppended, _before: Note) -> Note:
        """Read back and compare; every difference is a value, none is an error."""
        return self.server.persistently(lambda: self._read(step, is_told=True))

    def _read(self, step: ProveAppended, *, is_told: bool, was: _Proven | None = None) -> Note:
        """``is_told``: what the server said of octets when it took them is counted, too.

        ``was`` is the folder's own proof, where this is a later look.
        """
        with self.server.session() as session:
            shown = listing.status(session, step.mailbox)
            messages = session.open_to_read(step.mailbox)
            tally = _Tally()
            for group in self._groups(step.lane):
                # UIDs of another UIDVALIDITY are those of other messages.
                is_same = group.uidvalidity in {None, shown.uidvalidity}
                placed = group.placed if is_same else {}
                sizes = {
                    placed[each.uid]: each.size_bytes
                    for each in group.messages
                    if each.uid in placed
                }
                found = {each.uid: each for each in session.read_back(sizes)}
                before = tally.proven
                for message in group.messages:
                    uid = placed.get(message.uid, 0)
                    was_there = (
                        was is not None
                        and group.uidvalidity == shown.uidvalidity
                        and 0 < uid < shown.uidnext
                        and was.had(message.uid)
                    )
                    told = group.told_otherwise.get(str(message.uid))
                    tally.add(message, found.get(uid), told, was_there=was_there)
                if is_told and group.is_told:
                    tally.by_guid += tally.proven - before
            if tally.gone:
                tally.say_where(dict(in_trash(session, tally.gone)))
            uses = {} if step.may_grow else self._uses_shown(session, step)
        return {**tally.note(None if step.may_grow else messages, self.by), **uses}

    def _uses_shown(self, session: ImapSession, step: ProveAppended) -> Note:
        """Whether the server shows what a folder that the run made is for, if it is for anything.

        One that may not be made so is made without (RFC 6154, section 3).
        """
        heads = self.record.head().mailboxes
        use = next((e.special_use[:1] for e in heads if e.target_name == step.lane), ())
        if not use:
            return {}
        every = listing.listed_folders(session)
        if any(each.name == step.mailbox and use[0] in each.uses for each in every):
            return {"uses": 1}
        refused = [SPECIAL_USE, None, f"the server does not show it as {use[0]}"]
        return {"userid": None, "refused": [refused]}

    def prove_again(self, step: ProveAppended) -> Note:
        """As `perform`, at any later time: a folder that is gone is a difference.

        A message that was proven and is gone went later, be it deleted or lost: a folder
        that still gives UIDs after its own gives none a second time (RFC 9051, 2.3.1.1). One
        that was put back from an older state has a lower UIDNEXT, or another UIDVALIDITY.
        """
        was = self._proven(step)
        try:
            return self.server.persistently(lambda: self._read(step, is_told=False, was=was))
        except ServerSaidNo as error:
            return self._unreadable(step, error)

    def _proven(self, step: ProveAppended) -> _Proven | None:
        """The folder's own proof; None where there is none, or not all is known that differed."""
        notes = self.record.receipts_of_lane(step.lane)
        proof = next(
            (note for kind, note in notes if kind == step.kind and "differs" in note), None
        )
        if proof is None:
            return None
        missing = frozenset(e["uid"] for e in proof["differs"] if e["aspect"] == _MISSING)
        is_whole = len(missing) == proof["counts"].get(_MISSING, 0)
        return _Proven(missing=missing) if is_whole else None

    def _unreadable(self, step: ProveAppended, error: RespoolError) -> Note:
        found = error.what if error.why is None else f"{error.what}: {error.why}"
        difference = {"uid": None, "aspect": "folder", "planned": "as restored", "found": found}
        return {
            "by": None,
            "expected": sum(len(group.messages) for group in self._groups(step.lane)),
            "proven": 0,
            "by_guid": 0,
            "counts": {"folder": 1},
            "differs": [difference],
            "messages_in_target": None,
        }

    def _groups(self, lane: str) -> Iterator[_Group]:
        """Each group of messages as it is to read back, without what was lost."""
        now = self._uidvalidity_since(lane)
        for number, step in self.record.steps_of_lane(lane):
            if isinstance(step, MessageStep):
                receipt = self.record.receipt(number) or {}
                lost = receipt.get("lost", {})
                messages = tuple(
                    _as_sent(each, receipt) for each in step.messages if str(each.uid) not in lost
                )
                otherwise = receipt.get("told_otherwise", {})
                yield _Group(
                    messages=messages,
                    placed=as_pairs(receipt.get("placed", ())),
                    uidvalidity=now or receipt.get("uidvalidity"),
                    told_otherwise=otherwise,
                    is_told=not otherwise and receipt.get("told", 0) == len(messages),
                )

    def _uidvalidity_since(self, lane: str) -> int | None:
        """That which a folder has since it got its name, if it got another."""
        for _, receipt in self.record.receipts_of_lane(ACCOUNT_LANE):
            told: Mapping[str, int] = receipt.get("uidvalidities", {})
            if lane in told:
                return told[lane]
        return None


class _Tally:
    """Counts and differences of a folder."""

    def __init__(self) -> None:
        self.expected = self.proven = self.by_guid = 0
        self.differs: list[dict[str, Any]] = []
        self.counts: Counter[str] = Counter()
        self.gone: dict[int, PlannedMessage] = {}  # of those that are kept one by one

    def say_where(self, folders: Mapping[int, str]) -> None:
        """In which folder messages that are gone lie now: so somebody moved them."""
        self.differs = [
            {**each, "aspect": _DELETED, "found": f"moved to {folder} since it was proven"}
            if (folder := folders.get(each["uid"])) is not None
            else each
            for each in self.differs
        ]
        self.counts.update({_DELETED: len(folders), _GONE: -len(folders)})

    def add(
        self,
        message: PlannedMessage,
        found: ReadBack | None,
        told: str | None,
        *,
        was_there: bool = False,
    ) -> None:
        """One more message; ``told`` is what the server said of it, if that is not it.

        ``was_there``: where it is not there, it went since it was proven.
        """
        self.expected += 1
        spelled = None if found is None else _as_planned(message, found)
        differences = compare_message(message, spelled, is_seen_known=True)
        if found is None and was_there:
            if len(self.differs) < MOST_DIFFERENCES:
                self.gone[message.uid] = message
            differences = tuple(replace(each, aspect=_GONE, found=GONE) for each in differences)
        elif told is not None and not any(each.aspect == "octets" for each in differences):
            wanted = message.guid or "unknown"
            said = Difference(
                uid=message.uid, aspect="octets", planned=wanted, found=f"{told}, as it was told"
            )
            differences = (*differences, said)
        self.proven += not differences
        self.counts.update(each.aspect for each in differences)
        if len(self.differs) < MOST_DIFFERENCES:
            self.differs.extend(asdict(each) for each in differences)

    def note(self, messages: int | None, by: str) -> Note:
        return {
            "by": by,
            "expected": self.expected,
            "proven": self.proven,
            "by_guid": self.by_guid,
            "counts": dict(+self.counts),
            "differs": self.differs,
            "messages_in_target": messages,
        }


def _as_sent(message: PlannedMessage, receipt: Mapping[str, Any]) -> PlannedMessage:
    """With the octets that were sent, line ends mended or not, and the flags that were taken."""
    key = str(message.uid)
    refused = receipt.get("refused_flags", {}).get(key)
    if refused:  # told once, by its name
        kept = tuple(flag for flag in message.flags if flag not in refused)
        message = message._replace(flags=kept)
    mended = receipt.get("mended", {}).get(key)
    if mended is not None:
        return message._replace(guid=mended["guid"], size_bytes=mended["size_bytes"])
    if message.guid is None:
        return message._replace(guid=receipt.get("guids", {}).get(key))
    return message


def _as_planned(message: PlannedMessage, found: ReadBack) -> ReadBack:
    """Flags are the same in any case (RFC 9051, 2.3.2): spelled as the plan spells them."""
    planned = {flag.lower(): flag for flag in message.flags}
    return replace(found, flags=frozenset(planned.get(f.lower(), f) for f in found.flags))
