"""What a core of BlueMind answers, as values; what is no answer of it is a `FormatError`.

Answers are read leniently: versions differ in their fields, and unknown ones are passed over.
Source: BlueMind's published clients 3.1.42842, 4.9.3884 and 5.7.3268.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from respool.errors import FormatError
from respool.model.accounts import AccountKind
from respool.model.dataclasses import dataclass

_KINDS: Final = {"user": AccountKind.USER, "mailshare": AccountKind.MAILSHARE}
_MOST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiMailbox:
    """A mailbox as the directory has it.

    ``uid`` is its entry's, and whose rights Cyrus's ACLs name as ``<uid>@<domain uid>``.
    ``name`` is what Cyrus calls it. ``kind`` None: neither a user's nor a mailshare's.
    ``emails`` are its addresses, its main one first; ``*@`` addresses, which all aliases of the
    domain share, have their ``@`` and what follows cut. ``quota_kib`` None: no limit.
    ``is_archived``: the entry is suspended. ``data_location`` is the uid of a server.
    """

    uid: str
    name: str
    kind: AccountKind | None
    emails: tuple[str, ...]
    quota_kib: int | None
    is_archived: bool
    data_location: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDomain:
    """A domain: its uid, which Cyrus and ACLs use, and the names that people use."""

    uid: str
    names: tuple[str, ...]


class TaskState(StrEnum):
    """How a task stands. Source: net.bluemind.core.task.api.TaskStatus.State."""

    NOT_STARTED = "NotStarted"
    IN_PROGRESS = "InProgress"
    SUCCESS = "Success"
    IN_ERROR = "InError"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatus:
    """How far a task is: ``progress`` of ``steps``, its last line, and what it came to."""

    state: TaskState
    steps: float
    progress: float
    last_line: str
    result: str | None

    @property
    def has_ended(self) -> bool:
        """Whether it is over, well or not."""
        return self.state in {TaskState.SUCCESS, TaskState.IN_ERROR}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairEntry:
    """What one repair operation came to: ``state`` is ``OK``, ``WARN`` or ``KO``."""

    operation: str
    state: str
    message: str


def mailbox_of(answer: Any) -> ApiMailbox | None:  # noqa: ANN401 - JSON enters here
    """An item of Mailbox; None where the core found none.

    Raises:
        FormatError: something else.
    """
    if answer is None:
        return None
    value = _object(_field(answer, "value", "an item of Mailbox"), "a Mailbox")
    emails = [each for each in value.get("emails") or () if isinstance(each, dict)]
    emails.sort(key=lambda each: not each.get("isDefault"))
    return ApiMailbox(
        uid=_text(answer, "uid", "an item of Mailbox"),
        name=_text(value, "name", "a Mailbox"),
        kind=_KINDS.get(str(value.get("type"))),
        emails=tuple(
            address.partition("@")[0] if each.get("allAliases") else address
            for each in emails
            for address in (str(each.get("address", "")),)
        ),
        quota_kib=_limit(value.get("quota")),
        is_archived=bool(value.get("archived")),
        data_location=_optional(value.get("dataLocation")),
    )


def domains_of(answer: Any) -> tuple[ApiDomain, ...]:  # noqa: ANN401 - JSON enters here
    """The list of domains, without ``global.virt``, which is BlueMind's own.

    Raises:
        FormatError: something else.
    """
    return tuple(
        each
        for each in (domain_of(item) for item in _list(answer, "domains"))
        if each is not None and each.uid != "global.virt"
    )


def domain_of(answer: Any) -> ApiDomain | None:  # noqa: ANN401 - JSON enters here
    """An item of Domain; None where the core found none.

    Raises:
        FormatError: something else.
    """
    if answer is None:
        return None
    uid = _text(answer, "uid", "an item of Domain")
    value = _object(_field(answer, "value", "an item of Domain"), "a Domain")
    listed = [value.get("defaultAlias"), value.get("name"), *(value.get("aliases") or ())]
    names = (each for each in listed if isinstance(each, str) and each)
    return ApiDomain(uid=uid, names=tuple(dict.fromkeys(names)))


def version_of(answer: Any) -> str:  # noqa: ANN401 - JSON enters here
    """The version of the software, such as ``4.9.3884``.

    Raises:
        FormatError: something else.
    """
    return _text(answer, "softwareVersion", "an InstallationVersion")


def quota_of(answer: Any) -> tuple[int, int | None]:  # noqa: ANN401 - JSON enters here
    """What is used, and the limit, None for none; both in KiB.

    Raises:
        FormatError: something else. What is used has to be told: taken for nothing, it would
            fit below any limit.
    """
    value = _object(answer, "a MailboxQuota")
    used = _field(value, "used", "a MailboxQuota")
    if not isinstance(used, int) or isinstance(used, bool):
        raise _strange("a MailboxQuota", answer)
    return used, _limit(value.get("quota"))


def task_id_of(answer: Any) -> str:  # noqa: ANN401 - JSON enters here
    """The id of a TaskRef.

    Raises:
        FormatError: something else.
    """
    return _text(answer, "id", "a TaskRef")


def task_of(answer: Any) -> TaskStatus:  # noqa: ANN401 - JSON enters here
    """A TaskStatus.

    Raises:
        FormatError: something else.
    """
    value = _object(answer, "a TaskStatus")
    try:
        state = TaskState(str(value.get("state")))
    except ValueError as error:
        raise _strange("a TaskStatus", answer) from error
    return TaskStatus(
        state=state,
        steps=_number(value.get("steps")),
        progress=_number(value.get("progress")),
        last_line=str(value.get("lastLogEntry") or ""),
        result=_optional(value.get("result")),
    )


def repair_entries(result: str | None) -> tuple[RepairEntry, ...] | None:
    """What a repair's operations came to; None where the result says nothing of them.

    The result is a JSON *string*. A repair ends as ``InError`` as soon as one of its
    operations warns: these entries are what tells.
    """
    try:
        parsed = json.loads(result or "null")
    except (ValueError, RecursionError):
        return None
    entries = parsed.get("entries") if isinstance(parsed, dict) else None
    if not isinstance(entries, list):
        return None
    return tuple(
        RepairEntry(
            operation=str(each.get("id") or ""),
            state=str(each.get("state") or ""),
            message=str(each.get("message") or ""),
        )
        for each in entries
        if isinstance(each, dict)
    )


def lines_of(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON enters here
    """The lines of a task's log.

    Raises:
        FormatError: something else.
    """
    return tuple(str(each) for each in _list(answer, "lines") if each is not None)


def operation_ids(answer: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON enters here
    """The ids of the repairs that are offered, in the core's order.

    Raises:
        FormatError: something else.
    """
    what = "a MaintenanceOperation"
    return tuple(_text(each, "identifier", what) for each in _list(answer, "operations"))


def values_of(answer: Any, what: str) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    """The objects of a list that a core answers with.

    Raises:
        FormatError: something else.
    """
    for each in _list(answer, what):
        yield _object(each, what)


def _list(answer: Any, what: str) -> Sequence[Any]:  # noqa: ANN401 - JSON
    if not isinstance(answer, list):
        raise _strange(f"a list of {what}", answer)
    return answer


def _object(answer: Any, what: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(answer, dict):
        raise _strange(what, answer)
    return answer


def _field(answer: Any, name: str, what: str) -> Any:  # noqa: ANN401 - JSON
    value = _object(answer, what).get(name)
    if value is None:
        raise _strange(what, answer)
    return value


def _text(answer: Any, name: str, what: str) -> str:  # noqa: ANN401 - JSON
    value = _field(answer, name, what)
    if not isinstance(value, str):
        raise _strange(what, answer)
    return value


def _optional(value: Any) -> str | None:  # noqa: ANN401 - JSON
    return value if isinstance(value, str) else None


def _limit(value: Any) -> int | None:  # noqa: ANN401 - JSON
    return value if isinstance(value, int) and value > 0 else None


def _number(value: Any) -> float:  # noqa: ANN401 - JSON
    return float(value) if isinstance(value, int | float) else 0.0


def _strange(what: str, answer: Any) -> FormatError:  # noqa: ANN401 - JSON
    keys = (
        f"an object of {', '.join(sorted(map(str, answer)))}" if isinstance(answer, dict) else ""
    )
    found = keys or type(answer).__name__  # never its values: a session's key may be among them
    return FormatError(
        "BlueMind's core answered with what is none of its answers",
        expected=what,
        found=found[:_MOST_SHOWN],
    )
