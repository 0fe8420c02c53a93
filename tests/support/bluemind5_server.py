"""A stand-in for BlueMind 5: no more than its IMAP service offers, and its words to APPEND.

It is not BlueMind: the true one needs its own machine. What is copied here is the list of
capabilities, the prefixes of what is shared, and the answers to APPEND.

Source: BlueMind 5, net.bluemind.imap.endpoint: Capabilities.java, driver/AppendStatus.java
(the GUID is the SHA-1 of the octets), driver of the mail API: an account counts as full
once nothing is left, whatever the size of the message; a folder that is not there gives
"Rejected".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.support.certificates import Certificates
from tests.support.message_commands import NewMail
from tests.support.stand_in_connection import Refusal
from tests.support.stand_in_server import StandInServer

CAPABILITIES: Final = (
    "IMAP4rev1",
    "LITERAL+",
    "AUTH=PLAIN",
    "ID",
    "ACL",
    "RIGHTS=kxten",
    "QUOTA",
    "NAMESPACE",
    "UIDPLUS",
    "XLIST",
    "SPECIAL-USE",
    "IDLE",
    "BM-ROCKS",
)


class BlueMind5Server(StandInServer):
    """Takes one message a command; whoever knows an account's key is that account.

    Nobody acts for others: an administrator's way in is the account's own name, with its
    key as password.
    """

    name = "a stand-in for BlueMind 5"
    admin = ""
    prefixes = ("Autres utilisateurs/", "Dossiers partag&AOk-s/")

    def __init__(
        self, *, password: str = "secret", certificates: Certificates | None = None
    ) -> None:
        is_tls = certificates is not None
        super().__init__(CAPABILITIES, password=password, certificates=certificates, is_tls=is_tls)

    def create(self, login: str, name: str) -> None:
        """A new folder; none with an ``@`` (BM-15023).

        Raises:
            Refusal: it is there, or cannot be called that.
        """
        if "@" in name:
            raise Refusal("invalid folder name")
        super().create(login, name)

    def append(self, login: str, name: str, mails: Sequence[NewMail]) -> str:
        """Add a message; what is said then.

        Raises:
            Refusal: it is refused, the folder is not there, or the account is full.
        """
        (mail,) = mails
        account = self.accounts[login]
        if account.quota_octets is not None and account.size_bytes >= account.quota_octets:
            raise Refusal("Over quota")
        try:
            folder = self.folder(login, name)
        except Refusal:
            raise Refusal("Rejected") from None
        why = self.refuse(mail.octets)
        if why is not None:
            raise Refusal(why)
        added = folder.add(mail.octets, mail.flags, mail.internaldate)
        return f"[APPENDUID {folder.uidvalidity} {added.uid}] APPEND completed {added.guid}"
