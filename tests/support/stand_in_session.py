"""One client of a stand-in IMAP server: what it can do with folders and messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tests.support.imap_words import Word, quoted, text, texts
from tests.support.kept_mail import KeptAccount, KeptFolder
from tests.support.message_commands import (
    chosen,
    fetch_answer,
    flags_text,
    new_mails,
    search,
    store,
)
from tests.support.stand_in_connection import Refusal, StandInConnection

RIGHTS: Final = "lrswipkxtea"


class StandInSession(StandInConnection):
    """Answers one client until it goes."""

    _may_change = False

    # Folders

    def _do_noop(self, _words: list[Word]) -> None:
        if self.selected is not None:
            self.send(f"* {len(self._folder_selected().messages)} EXISTS\r\n")

    def _do_check(self, _words: list[Word]) -> None:
        pass

    def _do_namespace(self, _words: list[Word]) -> None:
        others, shared = (f'(({quoted(each)} "/"))' for each in self.server.prefixes)
        self.send(f'* NAMESPACE (("" "/")) {others} {shared}\r\n')

    def _do_list(self, words: list[Word]) -> None:
        self._list("LIST", text(words[0]), text(words[1]), self.server.names_for(self.who))

    def _do_xlist(self, words: list[Word]) -> None:
        self._list("XLIST", text(words[0]), text(words[1]), self.server.names_for(self.who))

    def _do_lsub(self, words: list[Word]) -> None:
        names = sorted(self._account().subscribed)
        self._list("LSUB", text(words[0]), text(words[1]), names)

    def _list(self, answer: str, reference: str, pattern: str, names: Sequence[str]) -> None:
        if not pattern:
            self.send(f'* {answer} (\\Noselect) "/" ""\r\n')
            return
        wanted = re.escape(reference + pattern).replace(r"\*", ".*").replace("%", "[^/]*")
        for name in names:
            if re.fullmatch(wanted, name) or (name == "INBOX" and pattern.upper() == name):
                marks = " ".join(self._marks(name)) if answer != "LSUB" else ""
                self.send(f'* {answer} ({marks}) "/" {quoted(name)}\r\n')

    def _marks(self, name: str) -> Iterator[str]:
        has_more = any(each.startswith(f"{name}/") for each in self.server.names_for(self.who))
        yield "\\HasChildren" if has_more else "\\HasNoChildren"
        use = self._folder(name).special_use
        if use is not None:
            yield use

    def _do_create(self, words: list[Word]) -> None:
        self.server.create(self.who, text(words[0]).removesuffix("/"))

    def _do_delete(self, words: list[Word]) -> None:
        self.server.delete(self.who, text(words[0]))

    def _do_rename(self, words: list[Word]) -> None:
        self.server.rename(self.who, text(words[0]), text(words[1]))

    def _do_subscribe(self, words: list[Word]) -> None:
        name = text(words[0])
        self._folder(name)
        self._account().subscribed.add(name)

    def _do_unsubscribe(self, words: list[Word]) -> None:
        self._account().subscribed.discard(text(words[0]))

    def _do_status(self, words: list[Word]) -> None:
        folder = self._folder(text(words[0]))
        told = {
            "MESSAGES": len(folder.messages),
            "RECENT": 0,
            "UIDNEXT": folder.uidnext,
            "UIDVALIDITY": folder.uidvalidity,
            "UNSEEN": sum("\\Seen" not in each.flags for each in folder.messages),
            "APPENDLIMIT": self.server.most_octets or "NIL",
        }
        items = [each.upper() for each in texts(words[1])]
        if not set(items) <= set(told):
            raise Refusal(f"STATUS {items} is unknown", "BAD")
        pairs = " ".join(f"{item} {told[item]}" for item in items)
        self.send(f"* STATUS {quoted(text(words[0]))} ({pairs})\r\n")

    def _do_getquotaroot(self, words: list[Word]) -> None:
        self._folder(text(words[0]))
        self.send(f'* QUOTAROOT {quoted(text(words[0]))} ""\r\n')
        self._do_getquota([b""])

    def _do_getquota(self, _words: list[Word]) -> None:
        account = self._account()
        if account.quota_octets is not None:
            used, most = account.size_bytes // 1024, account.quota_octets // 1024
            self.send(f'* QUOTA "" (STORAGE {used} {most})\r\n')

    def _do_myrights(self, words: list[Word]) -> None:
        self._folder(text(words[0]))
        self.send(f"* MYRIGHTS {quoted(text(words[0]))} {self.server.may}\r\n")

    def _do_getacl(self, words: list[Word]) -> None:
        folder = self._folder(text(words[0]))
        rights = {self.who: RIGHTS, **folder.acl}
        pairs = " ".join(f"{_word(who)} {given}" for who, given in rights.items())
        self.send(f"* ACL {quoted(text(words[0]))} {pairs}\r\n")

    def _do_setacl(self, words: list[Word]) -> None:
        name, who, given = (text(word) for word in words)
        if given[0] in "+-":
            raise Refusal("whole sets of rights only", "BAD")
        self._folder(name).acl[who] = given

    def _do_deleteacl(self, words: list[Word]) -> None:
        self._folder(text(words[0])).acl.pop(text(words[1]), None)

    # Messages

    def _do_select(self, words: list[Word]) -> str:
        return self._select(text(words[0]), may_change=True)

    def _do_examine(self, words: list[Word]) -> str:
        return self._select(text(words[0]), may_change=False)

    def _select(self, name: str, *, may_change: bool) -> str:
        self.selected = None
        folder = self._folder(name)
        self.selected, self._may_change = name, may_change
        kept = "\\Answered \\Flagged \\Draft \\Deleted \\Seen"
        changeable = f"{kept} \\*" if may_change else ""
        self.send(
            f"* FLAGS ({kept})\r\n"
            f"* {len(folder.messages)} EXISTS\r\n* 0 RECENT\r\n"
            f"* OK [PERMANENTFLAGS ({changeable})] Limited\r\n"
            f"* OK [UIDVALIDITY {folder.uidvalidity}] Ok\r\n"
            f"* OK [UIDNEXT {folder.uidnext}] Ok\r\n"
        )
        return f"[READ-{'WRITE' if may_change else 'ONLY'}] Completed"

    def _do_close(self, _words: list[Word]) -> None:
        if self._may_change:
            folder = self._folder_selected()
            folder.messages = [each for each in folder.messages if "\\Deleted" not in each.flags]
        self.selected = None

    def _do_unselect(self, _words: list[Word]) -> None:
        self.selected = None

    def _do_append(self, words: list[Word]) -> str:
        name = text(words[0])
        mails = new_mails(words[1:])
        if len(mails) > 1 and "MULTIAPPEND" not in self.server.capabilities:
            raise Refusal("one message a command", "BAD")
        return self.server.append(self.who, name, mails)

    def _do_fetch(self, words: list[Word]) -> None:
        named = chosen(self._folder_selected(), text(words[0]), by_uid=self.is_by_uid)
        for number, message in named:
            self.send(
                fetch_answer(
                    number,
                    message,
                    words[1],
                    by_uid=self.is_by_uid,
                    is_to_change=self._may_change,
                )
            )

    def _do_store(self, words: list[Word]) -> None:
        if not self._may_change:
            raise Refusal("the folder is open to read")
        how = text(words[1])
        for number, message in chosen(
            self._folder_selected(), text(words[0]), by_uid=self.is_by_uid
        ):
            store(message, how, texts(words[2]))
            if not how.upper().endswith(".SILENT"):
                uid = f"UID {message.uid} " if self.is_by_uid else ""
                self.send(f"* {number} FETCH ({uid}FLAGS {flags_text(message.flags)})\r\n")

    def _do_search(self, words: list[Word]) -> None:
        found = search(self._folder_selected(), words, by_uid=self.is_by_uid)
        self.send(f"* SEARCH {' '.join(map(str, found))}".rstrip() + "\r\n")

    def _do_expunge(self, words: list[Word]) -> None:
        folder = self._folder_selected()
        if not self._may_change:
            raise Refusal("the folder is open to read")
        some = chosen(folder, text(words[0]), by_uid=True) if self.is_by_uid else None
        named = some if some is not None else list(enumerate(folder.messages, 1))
        for number, message in reversed(named):
            if "\\Deleted" in message.flags:
                folder.messages.remove(message)
                self.send(f"* {number} EXPUNGE\r\n")

    # What all of them need

    def _account(self) -> KeptAccount:
        return self.server.accounts[self.who]

    def _folder(self, name: str) -> KeptFolder:
        return self.server.folder(self.who, name)

    def _folder_selected(self) -> KeptFolder:
        assert self.selected is not None
        return self._folder(self.selected)


def _word(name: str) -> str:
    return name if re.fullmatch(r"[\w@.-]+", name, re.ASCII) else quoted(name)
