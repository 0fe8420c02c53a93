"""Telling BlueMind's core of a restore: sharings saved as read, repairs, the search index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from respool.bluemind import api_requests
from respool.bluemind.api_answers import mailbox_of, operation_ids, values_of
from respool.errors import BluemindFault, RespoolError, StepFailed
from respool.finishing import by_hand
from respool.finishing.asking import Asking, is_unknown
from respool.finishing.steps import (
    ConsolidateIndex,
    CreateMailshare,
    RaiseDirectoryQuota,
    Repair,
    SaveRights,
)
from respool.finishing.tasks import Ended, carried_out, is_warning, wrong_entries
from respool.model.dataclasses import dataclass
from respool.model.one_line import one_line
from respool.planning.step import Step
from respool.runs.actor import Note

_MOST_TOLD = 200
_SUSPENDED = "the entry is suspended, and BlueMind refuses to repair it"
# Rights and dummy messages are of folders that are there: nothing is to be told of those.
_OF_WHAT_IS_GONE = frozenset({"mailboxQuota", "mailboxSubscription", "replication.subtree"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One core, whatever keeps its mail.

    ``was_offered``: the repairs of the plan are those that it offered then, for this entry.
    """

    asking: Asking
    was_offered: bool = True

    def tell(self, step: SaveRights | Repair | ConsolidateIndex) -> Note:
        """Do the step; done twice it is the same as once.

        Raises:
            StepFailed: the core stays away, or refuses us.
        """
        match step:
            case SaveRights():
                return self._save_rights(step)
            case Repair():
                return self._repair(step)
            case ConsolidateIndex():
                return self._consolidate(step)

    def _save_rights(self, step: SaveRights) -> Note:
        """The list as it is read, with verbs that nobody here knows."""
        answer = self.asking.ask(api_requests.mailbox_acl(step.domain, step.entry))
        entries = list(values_of(answer or [], "an AccessControlEntry"))
        self.asking.ask(api_requests.save_mailbox_acl(step.domain, step.entry, entries))
        return {"saved": len(entries)}

    def _repair(self, step: Repair) -> Note:
        if not self._is_offered(step):
            left = [_no_more(step)] if self.was_offered else []
            why = "this BlueMind has no such repair"
            return {"operation": step.operation, "skipped": why, "left_to_do": left}
        try:
            ended = self._repaired(step)
        except (BluemindFault, StepFailed) as error:
            if not self._is_refused_as_suspended(step, error):
                raise
            left = [*by_hand.suspended((step.operation,), step.address)]
            return {"operation": step.operation, "skipped": _SUSPENDED, "left_to_do": left}
        wrong = list(wrong_entries(ended))
        warned = [f"{what}: {said}" for what, state, said in wrong if is_warning(state)]
        failed = _failed(wrong)
        note: Note = {"operation": step.operation, "warnings": [_short(each) for each in warned]}
        if not failed:
            return note
        left = [*_repair_left(step, failed)]
        return {**note, "failed": [_short(each) for each in failed], "left_to_do": left}

    def _is_offered(self, step: Repair) -> bool:
        """Unknown ids are passed over in silence, and by then it may be another version."""
        request = api_requests.repair_operations(step.domain, step.entry)
        return step.operation in operation_ids(self.asking.ask(request))

    def _is_refused_as_suspended(self, step: Repair, error: RespoolError) -> bool:
        """Some versions refuse to repair what is: somebody may have suspended it meanwhile.

        By which code they say so is not known, so that the directory is asked.
        """
        if not isinstance(error, BluemindFault) and not isinstance(error.__cause__, BluemindFault):
            return False
        box = mailbox_of(self.asking.ask(api_requests.mailbox(step.domain, step.entry)))
        return box is not None and box.is_archived

    def _repaired(self, step: Repair) -> Ended:
        family = self.asking.core().family
        request = api_requests.repair(family, step.domain, step.entry, (step.operation,))
        return carried_out(
            self.asking,
            request,
            known_id=f"repair-{step.entry}@{step.domain}",
            by_hand=" ".join(by_hand.repair_commands((step.operation,), step.address)),
        )

    def _consolidate(self, step: ConsolidateIndex) -> Note:
        ended = self._consolidated(step)
        failed = _failed(wrong_entries(ended))
        if not failed:
            return {"task": ended.id}
        return {
            "task": ended.id,
            "failed": [_short(each) for each in failed],
            "left_to_do": [*self._index_left(step, failed)],
        }

    def _consolidated(self, step: ConsolidateIndex) -> Ended:
        request = api_requests.consolidate_index(step.domain, step.entry)
        click = by_hand.index_click(self.asking.core().family, step.address)
        return carried_out(self.asking, request, by_hand=click)

    def _index_left(self, step: ConsolidateIndex, failed: Sequence[str]) -> Iterator[str]:
        yield _said("bring its index up to the mail", failed)
        yield by_hand.index_click(self.asking.core().family, step.address)

    def tell_again(self, step: Repair | ConsolidateIndex) -> str | None:
        """What BlueMind could not do, or refuses: the entry is suspended. None: nothing is left.

        What is gone from the directory, as a mailshare that was made, needs no telling.
        """
        try:
            left = " ".join(self._told_again(step))
            return left if left and not self._is_gone(step) else None
        except (BluemindFault, StepFailed) as error:
            if isinstance(error, BluemindFault) and is_unknown(error):
                return None
            if not isinstance(step, Repair) or not self._is_refused_as_suspended(step, error):
                raise
            return (
                f"{not_done(step)}: {step.address} is suspended; once it is not, undo this again"
            )

    def _is_gone(self, step: Repair | ConsolidateIndex) -> bool:
        try:
            return self.asking.ask(api_requests.mailbox(step.domain, step.entry)) is None
        except BluemindFault as error:
            if is_unknown(error):
                return True
            raise

    def _told_again(self, step: Repair | ConsolidateIndex) -> Iterator[str]:
        """What is left then."""
        if isinstance(step, ConsolidateIndex):
            failed = _failed(wrong_entries(self._consolidated(step)))
            yield from self._index_left(step, failed) if failed else ()
        elif step.operation in _OF_WHAT_IS_GONE and self._is_offered(step):
            failed = _failed(wrong_entries(self._repaired(step)))
            yield from _repair_left(step, failed) if failed else ()


def not_done(step: Step) -> str:
    """What an undo leaves that ends without BlueMind."""
    match step:
        case CreateMailshare():
            return f"BlueMind was not asked to remove the mailshare {step.name}, which it made"
        case RaiseDirectoryQuota():
            return f"the limit in BlueMind's directory was not put back to {step.former} KiB"
        case _:
            return "BlueMind was not told that the folders are gone"


def _no_more(step: Repair) -> str:
    return (
        f"BlueMind does not offer {step.operation} any more, as it did when the plan was made:"
        f" look in its webmail whether {step.address} has its folders, and new mail in them"
    )


def _failed(wrong: Iterable[tuple[str, str, str]]) -> list[str]:
    return [said for _, state, said in wrong if not is_warning(state)]


def _repair_left(step: Repair, failed: Sequence[str]) -> Iterator[str]:
    yield _said(f"do {step.operation}", failed)
    yield from by_hand.repair_commands((step.operation,), step.address)


def _said(what: str, failed: Sequence[str]) -> str:
    """Why the line after this one is left to a person; in words of the core's own."""
    return f"BlueMind could not {what}, and said: {_short('; '.join(failed))}; once mended:"


def _short(text: str) -> str:
    return one_line(text)[:_MOST_TOLD]
