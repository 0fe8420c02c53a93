"""Whose rights BlueMind would overwrite, and whom its list would let in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from respool.errors import ServerSaidNo
from respool.finishing.own_rights import changed_by, still_as_given, with_own_rights

ROOT = "user/jdoe@b.loc"
PRIVATE = "user/jdoe/Private@b.loc"
USUAL = {"U1@b.loc": "lrswipkxtea", "U2@b.loc": "lrp"}


@dataclass(slots=True)
class Rights:
    """A server that has nothing but rights: by folder."""

    by_folder: dict[str, dict[str, str]]
    admin_name: str = "cyrus"
    admins: tuple[str, ...] = ("admin0",)
    asked: list[str] = field(default_factory=list)

    @property
    def admin(self) -> Rights:
        return self

    @property
    def configuration(self) -> Rights:
        return self

    def acl(self, mailbox: str) -> dict[str, str]:
        self.asked.append(mailbox)
        try:
            return self.by_folder[mailbox]
        except KeyError:
            raise ServerSaidNo(f"GETACL {mailbox} was refused") from None


def own(**folders: Any) -> tuple[str, ...]:  # noqa: ANN401 - rights by folder
    server = Rights({ROOT: {**USUAL, "admin0": "lrswipkxtea"}, **folders})
    return with_own_rights(server, ROOT, folders)  # type: ignore[arg-type]


def test_a_folder_that_is_closed_to_one_has_rights_of_its_own() -> None:
    assert own(**{PRIVATE: {"U1@b.loc": "lrswipkxtea"}}) == (PRIVATE,)


def test_so_has_one_that_is_open_to_more_or_shuts_somebody_out() -> None:
    assert own(a={**USUAL, "U3@b.loc": "lr"}, b={**USUAL, "-U2@b.loc": "r"}) == ("a", "b")


def test_administrators_and_letters_for_other_letters_make_no_difference() -> None:
    assert own(a={"U1@b.loc": "lrswipkxteacd", "U2@b.loc": "rpl", "cyrus": "lrswipkxtea"}) == ()


def test_a_folder_that_is_gone_meanwhile_is_passed_over() -> None:
    server = Rights({ROOT: USUAL})

    assert with_own_rights(server, ROOT, ["gone"]) == ()  # type: ignore[arg-type]
    assert server.asked == [ROOT, "gone"]


APART = frozenset({"admin0", "U1@b.loc"})


def changed(
    acl: dict[str, str], *listed: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Who gets more, and who is shut out, where BlueMind's list has those."""
    entries: list[Any] = [{"subject": who, "verb": verb} for who, verb in listed]
    found = changed_by([*entries, "no entry"], "b.loc", acl, APART)
    return found.more, found.less


def test_whom_the_list_lets_read_and_the_mailbox_does_not_would_be_let_in() -> None:
    listed = (("U1", "All"), ("u2", "Read"), ("U3", "Freebusy"), ("U4", "Write"), ("G1", "Read"))

    assert changed({**USUAL, "group:G1@b.loc": "lrp"}, *listed) == (("U4",), ())
    assert changed({"anyone": "lr", "U4@b.loc": "lrwikxte"}, *listed) == ((), ("anyone",))


def test_who_may_read_and_would_be_let_write_gets_more() -> None:
    assert changed(USUAL, ("U2", "Write")) == (("U2",), ())
    assert changed(USUAL, ("U2", "Freebusy"), ("U2", "Read")) == ((), ())
    assert changed({**USUAL, "-U2@b.loc": "r"}, ("U2", "Read")) == (("U2",), ())


def test_who_can_read_and_is_not_on_the_list_would_be_shut_out() -> None:
    acl = {**USUAL, "U3@b.loc": "lrs", "U4@b.loc": "p", "admin0": "lrswipkxtea"}

    assert changed(acl, ("U2", "Read"), ("U3", "Freebusy")) == ((), ("U3@b.loc",))


def test_a_folder_that_still_has_the_rights_that_its_run_gave_it_has_none_of_its_own() -> None:
    """The root has others since; of those that a run made, one was closed, one is gone."""
    ours, closed, gone = (f"user/jdoe/{each}@b.loc" for each in ("Sent", "Closed", "Gone"))
    given = {**USUAL, "U3@b.loc": "p", "admin0": "lr"}
    server = Rights({ROOT: USUAL, ours: given, closed: {"U1@b.loc": "lrswipkxtea"}})
    planned = "U1@b.loc lrswipkxteacd, U2@b.loc lrp, U3@b.loc p"

    found = still_as_given(server, planned, (ours, closed, gone))  # type: ignore[arg-type]

    assert closed not in found
    assert ours in found
