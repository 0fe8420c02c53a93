"""A BlueMind core as respool uses it: its version and family, and the answers as values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from respool.bluemind import api_answers, api_requests
from respool.bluemind.api_answers import ApiDomain, ApiMailbox, TaskStatus
from respool.bluemind.api_requests import ApiRequest
from respool.bluemind.families import Family, family_of
from respool.errors import BluemindFault
from respool.model.dataclasses import dataclass
from respool.system.bluemind_api import ApiAccess, BluemindApi


@dataclass(frozen=True, slots=True)
class BluemindCore:
    """A core that answered. Each method raises as `BluemindApi.ask`, and `FormatError`."""

    api: BluemindApi
    version: str
    family: Family

    def state(self) -> str:
        """How it says it is, such as ``core.state.running``."""
        return str(self.api.ask(api_requests.installation_state()))

    def domains(self) -> tuple[ApiDomain, ...]:
        """The domains that people have, without BlueMind's own."""
        return api_answers.domains_of(self.api.ask(api_requests.domains()))

    def mailbox_called(self, domain: str, name: str) -> ApiMailbox | None:
        """Whose mailbox Cyrus calls ``name`` in that domain (by its uid)."""
        return self._mailbox(api_requests.mailbox_by_name(domain, name))

    def mailbox_with(self, domain: str, email: str) -> ApiMailbox | None:
        """Whose mail comes to ``email``."""
        return self._mailbox(api_requests.mailbox_by_email(domain, email))

    def mailbox(self, domain: str, uid: str) -> ApiMailbox | None:
        """The mailbox of a directory entry."""
        return self._mailbox(api_requests.mailbox(domain, uid))

    def _mailbox(self, request: ApiRequest) -> ApiMailbox | None:
        """What a look-up finds; that there is none, some versions say by a fault."""
        try:
            return api_answers.mailbox_of(self.api.ask(request))
        except BluemindFault as fault:
            if fault.is_not_found:
                return None
            raise

    def quota(self, domain: str, uid: str) -> tuple[int, int | None]:
        """What is used, and the limit, None for none; in KiB."""
        return api_answers.quota_of(self.api.ask(api_requests.mailbox_quota(domain, uid)))

    def operations(self, domain: str, uid: str) -> tuple[str, ...]:
        """The repairs that it offers for an entry; none before 4.0."""
        if not self.family.has_repairs:
            return ()
        return api_answers.operation_ids(self.api.ask(api_requests.repair_operations(domain, uid)))

    def task(self, task_id: str) -> TaskStatus:
        """How a task stands; one that is not known any more is a `BluemindFault`."""
        return api_answers.task_of(self.api.ask(api_requests.task(task_id)))


@contextmanager
def open_core(access: ApiAccess) -> Iterator[BluemindCore]:
    """The core at an address, for the length of a block.

    Raises:
        LibraryMissing, UsageError, NotEncrypted: it is not even asked.
        TargetError: it does not answer, or refuses us.
        BluemindFault: it is of a version that is not known.
    """
    with BluemindApi(access) as api:
        version = api_answers.version_of(api.ask(api_requests.installation_version()))
        family = family_of(version)
        if family is None:
            raise BluemindFault(
                f"BlueMind {version} is of no version that is known here",
                why="3.5, 4 and 5 are",
            )
        yield BluemindCore(api, version, family)
