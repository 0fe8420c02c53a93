"""Is the server that BlueMind's directory names the Cyrus that is restored into?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from respool.bluemind.directory_entries import ApiServer
from respool.bluemind.families import Family
from respool.finishing.here import Here, servers_here, servers_to_make_on, why_elsewhere
from respool.finishing.surveyor import survey_core
from respool.model.accounts import Account, AccountKind
from respool.system.bluemind_core import BluemindCore
from respool.system.own_addresses import is_loopback, is_own_address, own_names
from tests.unit.finishing.scripted_core import ScriptedCore

HERE = Here(
    partitions=frozenset({"mail", "bm-1_b_loc__b_loc", "b_loc"}),
    names=frozenset({"mail.b.loc"}),
    is_core_here=False,
)
BESIDE = replace(HERE, is_core_here=True)
USER = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
FAR = "192.0.2.7"  # a documentation address: RFC 5737


def server(uid: str, ip: str | None = FAR, fqdn: str = "far.b.loc") -> dict[str, Any]:
    return {"uid": uid, "value": {"name": uid, "ip": ip, "fqdn": fqdn, "tags": ["mail/imap"]}}


def core(*servers: dict[str, Any], family: Family = Family.BM4) -> BluemindCore:
    entry = {"uid": "U1", "value": {"name": "jdoe", "type": "user", "dataLocation": "bm-2"}}
    answers: dict[str, list[Any]] = {
        "GET /servers/default/_complete": [list(servers)],
        "GET /mailboxes/b.loc/_byname": [entry],
    }
    return BluemindCore(cast("Any", ScriptedCore(answers=answers)), "4.9.1", family)


def test_a_mailbox_of_another_server_is_not_told_of() -> None:
    """Repairs would be of a mailbox that was never restored into."""
    found = survey_core(core(server("bm-2")), USER, "b.loc", HERE)

    assert found.mailbox is None
    assert "the server bm-2, which is not this machine" in (found.why_not or "")


@pytest.mark.parametrize(
    "told",
    [server("bm-2", ip=None, fqdn="Mail.B.loc"), server("bm-2", ip="mail.b.loc")],
    ids=["fqdn", "address"],
)
def test_a_server_is_this_machine_by_its_names(told: dict[str, Any]) -> None:
    assert why_elsewhere(core(told), HERE, "bm-2", "b.loc") is None


def test_a_partition_of_bluemind_4_tells_by_itself() -> None:
    assert why_elsewhere(core(), BESIDE, "bm-1.b.loc", "b.loc") is None
    assert why_elsewhere(core(), BESIDE, "bm-1.b.loc", "other.loc") is not None


def test_a_copy_of_a_server_is_not_the_one_that_the_core_of_another_machine_means() -> None:
    """A rehearsal's: it has the partitions of the real one, and the settings with its core."""
    real = server("bm-1.b.loc")

    assert why_elsewhere(core(real), HERE, "bm-1.b.loc", "b.loc") is not None
    assert servers_to_make_on(core(real), HERE, "b.loc") == ()
    assert servers_here(core(server("bm-2"), family=Family.BM3), HERE, "b.loc") == ()


def test_a_partition_of_3_5_tells_only_where_there_is_one_server() -> None:
    alone = core(server("bm-2"), family=Family.BM3)
    one_of_two = core(server("bm-2"), server("bm-3"), family=Family.BM3)

    assert servers_here(alone, BESIDE, "b.loc") == ("bm-2",)
    assert servers_here(alone, BESIDE, "other.loc") == ()
    assert servers_here(one_of_two, BESIDE, "b.loc") == ()
    assert servers_here(core(server("bm-2")), BESIDE, "b.loc") == ()


def test_a_mailshare_is_made_only_where_cyrus_has_the_partition_that_bluemind_chooses() -> None:
    named = server("bm-1.b.loc", ip="mail.b.loc")
    without = server("bm-2", ip="mail.b.loc")

    assert servers_to_make_on(core(named, without), HERE, "b.loc") == ("bm-1.b.loc",)
    bm3 = core(without, family=Family.BM3)
    assert servers_to_make_on(bm3, HERE, "b.loc") == ("bm-2",)
    assert servers_to_make_on(bm3, HERE, "other.loc") == ()


def test_a_loopback_address_is_the_core_s_own_machine() -> None:
    told = ApiServer(uid="bm-2", name="", addresses=("127.0.0.1",))

    assert not HERE.is_called(told)
    assert replace(HERE, is_core_here=True).is_called(told)


def test_a_mailbox_without_a_server_is_nowhere() -> None:
    assert why_elsewhere(core(server("bm-2")), HERE, None, "b.loc") is not None


def test_only_its_own_addresses_are_this_machine_s() -> None:
    assert is_own_address("127.0.0.1")
    assert not is_own_address(FAR)
    assert not is_own_address("mail.b.loc")
    assert is_loopback("::1")
    assert is_loopback("localhost")
    assert "localhost" not in own_names()
