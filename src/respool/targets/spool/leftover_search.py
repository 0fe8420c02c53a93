"""Looks for what a failed manual restore left on a live server; changes nothing."""

from __future__ import annotations

from respool.model.accounts import Account
from respool.system.cyrus_server import CyrusServer
from respool.targets.spool.leftovers import Leftovers


def find_leftovers(server: CyrusServer, account: Account | None) -> Leftovers:  # noqa: ARG001 - interface first
    """What lies about in the spool of ``account``, or of the whole server for None.

    No mailbox is opened over IMAP: a record without a uniqueid would kill the imapd.
    A part that cannot be looked at gives a finding that says so, never an exception.
    """
    return Leftovers()
