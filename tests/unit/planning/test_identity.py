from __future__ import annotations

import pytest

from respool.model.accounts import Account, AccountKind
from respool.model.findings import Severity
from respool.planning.identity import identity_findings, identity_reasons
from respool.planning.incarnation import Comparison, Evidence, Says, Topic
from respool.planning.request import Person

JDOE = Account(kind=AccountKind.USER, login="jdoe", domain="b.loc")
CONTACT = Account(kind=AccountKind.MAILSHARE, login="contact", domain="b.loc")
SAME_ID = Evidence(topic=Topic.INBOX_ID, says=Says.FOR, text="the INBOX ids are the same")
NO_ID = Evidence(topic=Topic.INBOX_ID, says=Says.NOTHING, text="an INBOX id is unknown")
OTHER_ID = Evidence(topic=Topic.INBOX_ID, says=Says.AGAINST, text="the INBOX ids differ")
OTHER_FOLDERS = Evidence(topic=Topic.FOLDER_IDS, says=Says.AGAINST, text="no folder in common")
SAME_FOLDERS = Evidence(topic=Topic.FOLDER_IDS, says=Says.FOR, text="folders in common")
OTHER_OWNER = Evidence(topic=Topic.OWNER, says=Says.AGAINST, text="the owners differ")


def reasons(
    *evidence: Evidence,
    account: Account = JDOE,
    person: Person | None = None,
    has_held_mail: bool = True,
) -> tuple[str, ...]:
    comparison = Comparison(evidence=evidence)
    return identity_reasons(comparison, account, person=person, has_held_mail=has_held_mail)


def codes(
    *evidence: Evidence,
    account: Account = JDOE,
    person: Person | None = None,
    has_held_mail: bool = True,
) -> list[str]:
    found = identity_findings(
        Comparison(evidence=evidence), account, person=person, has_held_mail=has_held_mail
    )
    assert all(each.severity is Severity.NOTE for each in found)
    assert all(one.text in each.text for each in found for one in evidence)
    return [each.code for each in found]


@pytest.mark.parametrize(
    ("evidence", "said"),
    [((), ["identity-not-compared"]), ((SAME_ID,), []), ((NO_ID,), ["identity-not-compared"])],
    ids=["none", "same", "unknown"],
)
@pytest.mark.parametrize("has_held_mail", [True, False])
def test_where_nothing_speaks_against_it_only_that_nothing_tells_is_said(
    evidence: tuple[Evidence, ...], said: list[str], *, has_held_mail: bool
) -> None:
    assert reasons(*evidence, has_held_mail=has_held_mail) == ()
    assert codes(*evidence, has_held_mail=has_held_mail) == said


@pytest.mark.parametrize(
    "evidence",
    [(OTHER_ID,), (NO_ID, OTHER_FOLDERS), (OTHER_ID, SAME_FOLDERS), (OTHER_OWNER, SAME_ID)],
    ids=["inbox", "folders", "contradicting", "owner"],
)
def test_an_account_in_use_that_may_be_another_s_is_refused_with_all_that_was_compared(
    evidence: tuple[Evidence, ...],
) -> None:
    first, *compared, last = reasons(*evidence)

    assert "jdoe@b.loc" in first
    assert compared == [each.text for each in evidence]
    assert all(option in last for option in ("--same-person", "--other-person", "--to"))
    assert codes(*evidence) == []


def test_an_account_that_never_held_mail_is_nobody_s_yet() -> None:
    assert reasons(OTHER_ID, has_held_mail=False) == ()
    assert codes(OTHER_ID, has_held_mail=False) == ["account-made-anew"]


def test_another_owner_s_account_is_refused_even_if_it_never_held_mail() -> None:
    assert reasons(OTHER_OWNER, OTHER_ID, has_held_mail=False)
    assert codes(OTHER_OWNER, OTHER_ID, has_held_mail=False) == []


@pytest.mark.parametrize(
    ("person", "code"),
    [(Person.SAME, "same-person-said"), (Person.OTHER, "other-person-said")],
)
@pytest.mark.parametrize("evidence", [(OTHER_OWNER, OTHER_ID), (SAME_ID,)], ids=["against", "for"])
@pytest.mark.parametrize("has_held_mail", [True, False])
def test_what_a_person_said_holds_and_is_noted(
    person: Person, code: str, evidence: tuple[Evidence, ...], *, has_held_mail: bool
) -> None:
    assert reasons(*evidence, person=person, has_held_mail=has_held_mail) == ()
    assert codes(*evidence, person=person, has_held_mail=has_held_mail) == [code]


@pytest.mark.parametrize("has_held_mail", [True, False])
def test_a_mailshare_is_nobody_s_and_never_refused(*, has_held_mail: bool) -> None:
    for evidence, said in (((OTHER_ID,), ["account-made-anew"]), ((SAME_ID,), [])):
        assert reasons(*evidence, account=CONTACT, has_held_mail=has_held_mail) == ()
        assert codes(*evidence, account=CONTACT, has_held_mail=has_held_mail) == said
