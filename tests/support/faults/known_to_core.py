"""What a stand-in core knows of an account: its limit, its index, who sees it, its folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.support.bluemind_core.core import BlueMindCore
from tests.support.bluemind_core.entries import Entry
from tests.support.bluemind_core.sharing import rights_of, subscribers_of
from tests.support.bluemind_core.versions import CoreFamily
from tests.support.directions import DOMAIN


def settings_of(core: BlueMindCore) -> Mapping[str, str]:
    """Those of commands that ask it."""
    return {"bluemind_api": core.url, "bluemind_key": core.keys.core_token}


def make_known(core: BlueMindCore, entry: Entry) -> None:
    """Have an entry that is in the directory as if BlueMind had had it for long."""
    core.mail.set_quota(entry)
    core.mail.write_rights(entry, rights_of(core.directory, entry))
    core.search_index[entry.uid] = dict(core.mail.count(entry))
    if core.version.family is not CoreFamily.BM3:
        core.subscribers[entry.uid] = subscribers_of(core.directory, entry)
        core.replicated[entry.uid] = core.mail.folders(entry)


def known(core: BlueMindCore, name: str) -> Iterator[tuple[object, ...]]:
    """Words for each thing that it knows of the mailbox ``name``; nothing of one that is gone.

    Folders without mail may be in the index, or not.
    """
    entry = core.directory.by_name(DOMAIN, name)
    if entry is None:
        return
    yield entry.kind, entry.quota_kib, sorted(map(str, entry.acl))
    for folder, count in core.search_index.get(entry.uid, {}).items():
        if count:
            yield "index", folder, count
    for folder in core.replicated.get(entry.uid, ()):
        yield "folder", folder
    for user in core.subscribers.get(entry.uid, ()):
        yield "seen by", user
