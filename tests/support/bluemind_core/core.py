"""The stand-in core itself: started in milliseconds, in the process of the tests.

It is no BlueMind: routes, bodies, answers, refusals and the life of tasks are copied from its
published clients and from what is known of its source. How to use it:

    installation = Installation(
        domains=(Domain(uid="bluemind.loc", aliases=("bm.example",)),),
        users=(User(uid="jdoe", login="jdoe", domain="bluemind.loc", emails=("jdoe@*",)),),
        mailshares=(Mailshare(uid="4F2A", name="contact", domain="bluemind.loc"),),
    )
    with BlueMindCore(installation, family=CoreFamily.BM4, mail=CyrusMail(server)) as core:
        core.url, core.keys.core_token          # where, and admin0's key
        core.keys.user_key("bluemind.loc", "jdoe")  # a user's, with User.roles
        core.settle()                           # wait for what it does by itself
        core.requests.calls()                   # "POST /mailboxes/bluemind.loc/jdoe/_acls", …
        core.search_index["jdoe"]               # messages by folder, as consolidation counted
        core.faults.add(Fault.answering(503), route="/domains", nth=2)
        core.faults.add(Fault.restarting(0.5))  # tasks lost, nobody listens for half a second
        core.tasks.never_end = True             # also looks_before_end, forget_after_looks
        core.repairs.fail("mailboxQuota", "over the domain's maximum")  # also break_off
        core.clock.advance(601)                 # finished tasks are forgotten

``mail`` is `NoMail` (nothing but counts), `CyrusMail` (a private Cyrus, really changed) or
`BlueMind5Mail` (the IMAP stand-in of BlueMind 5). ``prepare()`` makes the mailboxes of all
entries in it. The fixture ``bluemind_core`` starts cores and ends them.

What is like the real one, and surprises: nothing found is 204 without a body, a body that
cannot be read is 500, an unknown key is 401 *with the key in the message*, a ``+`` in a path
is a blank, sharings are written to Cyrus later, an empty list of repairs means all of them,
operations run in the core's order, some fail without a word (see ``operations``), since 4.9 a
repair has no result and complains in its log alone (see ``repairs``), and
replication.parentUid expunges whatever is marked as deleted in any folder.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.support.bluemind_core import serving
from tests.support.bluemind_core.asked import Requests
from tests.support.bluemind_core.calls_dataprotect import read_generations
from tests.support.bluemind_core.clock import Clock
from tests.support.bluemind_core.entries import Entry, directory_of
from tests.support.bluemind_core.faults import Faults
from tests.support.bluemind_core.installation import Installation, Server
from tests.support.bluemind_core.json_values import Fields
from tests.support.bluemind_core.keys import Keys
from tests.support.bluemind_core.listener import API, HOST, HttpAnswer, HttpRequest, Listener
from tests.support.bluemind_core.mail import Mail, NoMail, default_folders
from tests.support.bluemind_core.repairs import Repairs, RepairWish, repair_work
from tests.support.bluemind_core.server_faults import invalid
from tests.support.bluemind_core.sharing import rights_of
from tests.support.bluemind_core.tasks import Tasks
from tests.support.bluemind_core.versions import BY_FAMILY, CoreFamily, CoreVersion
from tests.support.certificates import Certificates

RUNNING = "CORE_STATE_RUNNING"


class BlueMindCore:
    """A core for the length of a block; see the module for its use.

    ``search_index`` has message counts by folder, by directory uid; ``consolidations`` the
    uids in the order they came; ``replicated`` folders by uid, ``subscribers`` the users who
    see a mailbox in their lists, by its uid. ``hook_seconds`` is how long
    after a list of sharings is saved it is written to Cyrus. ``state`` is a SystemState.
    """

    def __init__(
        self,
        installation: Installation,
        *,
        version: CoreVersion | CoreFamily = CoreFamily.BM4,
        mail: Mail | None = None,
        backup_root: Path | None = None,
        certificates: Certificates | None = None,
    ) -> None:
        self.version = BY_FAMILY[version] if isinstance(version, CoreFamily) else version
        self.directory = directory_of(installation, self.version)
        self.servers: dict[str, Server] = {each.uid: each for each in installation.servers}
        self.keys = Keys(self.directory)
        self.mail: Mail = mail if mail is not None else NoMail()
        self.mail.trust(self.keys.opens)
        self.state = RUNNING
        self.clock = Clock()
        self.tasks = Tasks(self.clock)
        self.requests = Requests()
        self.faults = Faults()
        self.repairs = Repairs()
        self.hook_seconds = 0.05
        self.search_index: dict[str, dict[str, int]] = {}
        self.consolidations: list[str] = []
        self.replicated: dict[str, list[str]] = {}
        self.subscribers: dict[str, set[str]] = {}
        self.backup_root = backup_root
        self.generations = read_generations(backup_root, self.version)
        self.policy: Fields = {"daily": 7, "weekly": None, "monthly": None}
        self.certificates = certificates
        self._port = 0
        self._listener: Listener | None = None
        self._comeback: threading.Timer | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._comeback is not None:
                self._comeback.cancel()
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        self.tasks.close()

    @property
    def url(self) -> str:
        """Where it answers, with ``/api``. It keeps its port over a restart."""
        return f"{'http' if self.certificates is None else 'https'}://{HOST}:{self._port}{API}"

    @property
    def is_ending(self) -> threading.Event:
        """Set once the present listener is closed."""
        listener = self._listener
        if listener is not None:
            return listener.is_ending
        ended = threading.Event()
        ended.set()
        return ended

    def prepare(self) -> None:
        """Make the mailbox of each entry, as BlueMind makes it: folders, rights, quota."""
        for entry in list(self.directory.entries.values()):
            names = default_folders(entry, has_trash=self.version.release >= (4, 7))
            self.mail.create(entry, self.partition_of(entry), names)
            self.mail.write_rights(entry, rights_of(self.directory, entry))
            self.mail.set_quota(entry)

    def settle(self) -> None:
        """Wait until all that it does by itself is done."""
        self.tasks.settle()

    def later(self, work: Callable[[], None]) -> None:
        """Let a hook do something, a little later."""

        def waiting() -> None:
            time.sleep(self.hook_seconds)
            work()

        self.tasks.background(waiting)

    def restart(self, seconds: float) -> None:
        """Go away for so long: connections end, nobody listens, tasks are lost."""
        with self._lock:
            listener, self._listener = self._listener, None
            if listener is None:
                return
            self._comeback = threading.Timer(seconds, self._listen)
            self._comeback.daemon = True
        self.tasks.forget_all()
        listener.close()
        self._comeback.start()

    def start_repair(self, entry: Entry, wish: RepairWish) -> Fields:
        """The TaskRef of a repair; its id is the entry's, so that there is one at a time."""
        if self.version.refuses_archived and entry.is_archived:
            raise invalid(f"entry {entry.identity} is archived")
        is_check = wish.is_dry and not self.version.has_repair_config
        prefix = "check" if is_check else "repair"
        return self.tasks.run(repair_work(self, entry, wish), f"{prefix}-{entry.identity}")

    def partition_of(self, entry: Entry) -> str:
        """Where Cyrus is to keep a new mailbox. Source: CyrusPartition.java."""
        domain = entry.domain.replace(".", "_")
        if self.version.family is CoreFamily.BM3:
            return domain
        return f"{entry.server.replace('.', '_')}__{domain}"

    def _listen(self) -> None:
        with self._lock:
            self._listener = Listener(self._answer, self._port, self.certificates)
            self._port = self._listener.port

    def _answer(self, request: HttpRequest) -> HttpAnswer:
        return serving.answer(self, request)
