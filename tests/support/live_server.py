"""A private server in the state of the golden live spool: the morning after the last backup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.support import golden
from tests.support.cyrus_configuration import CyrusFiles, Layout
from tests.support.private_cyrus import PrivateCyrus
from tests.support.truth import Truth, TruthMailbox, read_truth

LIVE_TRUTH = "dataprotect/truth-live.json"
SERVER_NAME = "cyrus.bluemind.loc"


def live_truth() -> Truth:
    """What the live server is to hold."""
    return read_truth(LIVE_TRUTH)


def serve_golden_live(
    root: Path,
    layout: Layout = "names",
    overrides: Mapping[str, str] | None = None,
    password: str = "secret",
) -> PrivateCyrus:
    """A running server below ``root`` that holds what ``live_truth`` says.

    The spool is the one that Cyrus 3.0.18 wrote, put where this server looks for it. The
    installed server brings the databases to its own form at its first start. ``reconstruct``
    then rewrites what it counts differently (a sum over annotations, the Date to the day), so
    that from here on it has nothing to mend. For layout "uuid" the server's own
    ``relocate_by_id`` moves everything at last; names, UIDs and uniqueids stay.
    """
    server = PrivateCyrus(root, layout, {"servername": SERVER_NAME, **(overrides or {})}, password)
    _lay_out(server.files)
    server.configure()
    _forget_former_names(server)
    server.start()
    try:
        _run(server, "reconstruct", "-q", "-G", *_names_on_server())
        if layout == "uuid":
            _relocate(server)
    except BaseException:
        server.stop()
        raise
    return server


def _lay_out(files: CyrusFiles) -> None:
    unpacked = golden.unpack_live(files.root / "unpacked")
    (unpacked / "var/lib/cyrus").rename(files.config_directory)
    (unpacked / "var/spool/cyrus").rename(files.root / "spool")


def _forget_former_names(server: PrivateCyrus) -> None:
    """Remove from mailboxes.db the names that mailboxes had before, which 3.0 keeps.

    The upgrade to 3.6 takes such a name for the mailbox's present one if its modseq is
    higher, and then ``reconstruct`` refuses the mailbox: "Wrong uniqueid".
    """
    database = str(server.files.config_directory / "mailboxes.db")
    for line in _run(server, "cyr_dbtool", database, "twoskip", "show").splitlines():
        name, _, value = line.partition("\t")
        if " T d " in value:
            _run(server, "cyr_dbtool", database, "twoskip", "delete", name)


def _relocate(server: PrivateCyrus) -> None:
    boxes = live_truth().mailboxes.values()
    owners = sorted({box.owner for box in boxes if box.owner is not None})
    shares = {_root_of_share(box.imap_name) for box in boxes if _is_shared(box)}
    _run(server, "relocate_by_id", "-q", "-u", *owners)
    _run(server, "relocate_by_id", "-q", *sorted(shares))


def _run(server: PrivateCyrus, name: str, *arguments: str) -> str:
    done = server.run_tool(name, *arguments)
    assert done.returncode == 0, f"{name}: status {done.returncode}: {done.stderr}"
    return done.stdout


def _names_on_server() -> list[str]:
    return sorted(box.imap_name for box in live_truth().mailboxes.values())


def _is_shared(box: TruthMailbox) -> bool:
    return box.owner is None and not box.is_deleted


def _root_of_share(imap_name: str) -> str:
    path, _, domain = imap_name.partition("@")
    return f"{path.partition('/')[0]}@{domain}"
