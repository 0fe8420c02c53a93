from __future__ import annotations

import pytest

from respool.cyrus.mailboxes_db import MailboxTable
from respool.model.names import MailboxName
from tests.support.small_spools import mailbox_name

OLD = {
    b"b.loc!user.jdoe": b"0 main jdoe@b.loc\tlrs\tanyone\tp\t",
    b"b.loc!user.john^doe": b"0 other!main john.doe@b.loc\tlrs\t",
    b"b.loc!user.gone": b"16 main jdoe@b.loc\tlrs\t",
    b"b.loc!user.far": b"1 server!main jdoe@b.loc\tlrs\t",
    b"b.loc!contact": b"0 main (uniqueid 28198cf9673a6777 specialuse \\Sent) anyone\tlrs\t",
}
MIDDLE = {
    b"b.loc!user.jdoe": b"%(A %(jdoe@b.loc lrs anyone p) I id-1 P main V 12 C 1 F 4 M 34)",
    b"b.loc!user.jdoe.Old": b"%(I id-2 T d V 1 M 2)",
    b"$RUNQ$id-1$b.loc!user.jdoe": b"",
    b"$RACL$U$jdoe@b.loc$b.loc!user.jdoe": b"",
}
NEW = {
    b"\x1fVER\x1f": b"2",
    b"Nb.loc\x1duser\x1fjohn.doe": b"%(T e I id-1 P main V 12 M 34 A %(john.doe@b.loc lrs))",
    b"Nb.loc\x1duser\x1fjohn.doe\x1fR&-D": b"%(T el I id-2 P main V 5 M 6)",
    b"Nb.loc\x1duser\x1fjohn.doe\x1fold": b"%(T edl I id-2 V 5 M 6)",
    b"Iid-1": b'%(T e N "b.loc\x1duser\x1fjohn.doe" P main H ())',
    b"Iid-2": b'%(T el N "b.loc\x1duser\x1fjohn.doe\x1fR&-D" P main H '
    b'(%(N "b.loc\x1duser\x1fjohn.doe\x1fold" M 1 T edl)'
    b' %(N "b.loc\x1duser\x1fjohn.doe\x1folder")))',
    b"A\x1fjohn.doe@b.loc": b"",
}
JOHN = MailboxName(domain="b.loc", parts=("user", "john.doe"))


def table(entries: dict[bytes, bytes]) -> MailboxTable:
    return MailboxTable(entries.items())


def test_records_up_to_2_4_are_texts() -> None:
    found = table(OLD)

    assert {name.admin for name in found} == {
        "user/jdoe@b.loc",
        "user/john.doe@b.loc",
        "contact@b.loc",
    }
    record = found[mailbox_name("user/jdoe@b.loc")]
    assert (record.partition, record.uniqueid) == ("main", None)
    assert record.acl == (("jdoe@b.loc", "lrs"), ("anyone", "p"))
    assert found[JOHN].partition == "main"


def test_some_texts_have_a_uniqueid_before_the_rights() -> None:
    record = table(OLD)[mailbox_name("contact@b.loc")]

    assert record.uniqueid == "28198cf9673a6777"
    assert record.acl == (("anyone", "lrs"),)


def test_records_of_2_5_to_3_4_are_dlists_by_name() -> None:
    found = table(MIDDLE)

    assert list(found) == [mailbox_name("user/jdoe@b.loc")]
    record = found[mailbox_name("user/jdoe@b.loc")]
    assert (record.uniqueid, record.uidvalidity, record.modified) == ("id-1", 12, 34)
    assert not record.is_under_uuid


def test_records_of_3_6_are_found_by_name() -> None:
    found = table(NEW)

    assert set(found) == {JOHN, JOHN.child("R&-D")}
    assert found[JOHN].is_under_uuid
    assert not found[JOHN.child("R&-D")].is_under_uuid


def test_former_names_are_known_from_3_6_on() -> None:
    found = table(NEW)

    assert found[JOHN].former_names == ()
    assert found[JOHN.child("R&-D")].former_names == (JOHN.child("old"), JOHN.child("older"))


@pytest.mark.parametrize(
    ("entries", "uniqueid", "name"),
    [
        (NEW, "id-2", JOHN.child("R&-D")),
        (MIDDLE, "id-1", mailbox_name("user/jdoe@b.loc")),
        (OLD, "28198cf9673a6777", mailbox_name("contact@b.loc")),
        (NEW, "id-3", None),
        (MIDDLE, "id-2", None),
    ],
)
def test_a_uniqueid_tells_its_mailbox(
    entries: dict[bytes, bytes], uniqueid: str, name: MailboxName | None
) -> None:
    assert table(entries).name_of_id(uniqueid) == name


def test_the_newer_form_is_told_without_a_version() -> None:
    without = {key: value for key, value in NEW.items() if not key.startswith(b"\x1f")}

    assert table(without).is_by_id


def test_older_names_may_begin_as_newer_keys_do() -> None:
    found = table({b"News": b"0 main anyone\tlrs\t", b"Info": b"0 main anyone\tlrs\t"})

    assert not found.is_by_id
    assert {name.admin for name in found} == {"News", "Info"}


def test_a_damaged_record_is_none_and_told() -> None:
    found = table({**MIDDLE, b"b.loc!user.x": b"%(A", b"b.loc!user..y": b"%(I z)", b"": b""})

    assert list(found) == [mailbox_name("user/jdoe@b.loc")]
    assert set(found.damaged) == {"b.loc!user.x", "b.loc!user..y"}
    assert mailbox_name("user/x@b.loc") not in found


def test_an_empty_database_has_no_mailbox() -> None:
    assert len(MailboxTable()) == 0
    assert MailboxTable().name_of_id("id-1") is None
