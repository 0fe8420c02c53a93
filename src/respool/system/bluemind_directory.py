"""A BlueMind core as a directory: who is called what, on which server, and whose key it is."""

from __future__ import annotations

from respool.bluemind import api_requests, directory_entries
from respool.bluemind.api_answers import ApiDomain, ApiMailbox
from respool.bluemind.directory_entries import ApiEntry, ApiServer, KeyHolder
from respool.model.dataclasses import dataclass
from respool.system.bluemind_core import BluemindCore


@dataclass(frozen=True, slots=True)
class CoreDirectory:
    """The directory of a core. Each method raises as `BluemindApi.ask`, and `FormatError`."""

    core: BluemindCore

    def key_holder(self) -> KeyHolder | None:
        """Whose key we have; None where it does not say."""
        return directory_entries.key_holder_of(self.core.api.ask(api_requests.current_user()))

    def servers(self) -> tuple[ApiServer, ...]:
        """The servers that it knows."""
        return directory_entries.servers_of(self.core.api.ask(api_requests.servers()))

    def domains(self) -> tuple[ApiDomain, ...]:
        """The domains that people have."""
        return self.core.domains()

    def mailbox_with(self, domain: str, email: str) -> ApiMailbox | None:
        """Whose mail comes to ``email``, in a domain by its uid."""
        return self.core.mailbox_with(domain, email)

    def mailbox_called(self, domain: str, name: str) -> ApiMailbox | None:
        """Whose mailbox Cyrus calls ``name``."""
        return self.core.mailbox_called(domain, name)

    def mailbox(self, domain: str, uid: str) -> ApiMailbox | None:
        """The mailbox of an entry."""
        return self.core.mailbox(domain, uid)

    def entries_like(self, domain: str, name: str) -> tuple[ApiEntry, ...]:
        """Users and mailshares of a domain whose display name has ``name`` in it."""
        query = directory_entries.display_name_query(name)
        answer = self.core.api.ask(api_requests.directory_search(domain, query))
        return directory_entries.entries_of(answer)
