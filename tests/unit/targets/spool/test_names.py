from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respool.model.names import MailboxName, encoded_part
from respool.targets.spool.names import (
    MOST_NAME_OCTETS,
    MOST_PART_OCTETS,
    NameRules,
    proposed_name,
    proposed_part,
    refusals,
)

VERSIONS = {"2.4": (2, 4, 22), "3.0": (3, 0, 18), "3.2": (3, 2, 0), "3.6": (3, 6, 1)}
# Parts as a backup can hold them: what servers wrote, and any octets of a directory's name.
SANE = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)
LONG = st.integers(1, 300).map(lambda size: "\u65e5" * size) | st.integers(1, 600).map("x".__mul__)
ODD = st.binary(min_size=1, max_size=20).map(
    lambda octets: octets.decode("utf-8", "surrogateescape")
)
PARTS = st.one_of(SANE.map(encoded_part), LONG.map(encoded_part), ODD, SANE).filter(
    lambda part: "/" not in part and "\0" not in part
)
RULES = st.builds(
    NameRules,
    version=st.sampled_from(sorted(VERSIONS.values())),
    separator=st.sampled_from("/."),
    is_uuid_layout=st.booleans(),
    default_domain=st.sampled_from([None, "b.loc"]),
)


def rules(
    version: str = "3.6", *, separator: str = "/", is_uuid_layout: bool = False
) -> NameRules:
    return NameRules(version=VERSIONS[version], separator=separator, is_uuid_layout=is_uuid_layout)


def name(*parts: str, domain: str | None = "b.loc") -> MailboxName:
    return MailboxName(domain=domain, parts=("user", "jdoe", *parts))


@settings(max_examples=40)
@given(
    parts=st.lists(PARTS, min_size=1, max_size=4),
    domain=st.sampled_from(["b.loc", "c.org", None]),
    given_rules=RULES,
)
def test_a_proposal_is_never_refused_and_what_is_fit_stays(
    parts: list[str], domain: str | None, given_rules: NameRules
) -> None:
    wanted = name(*parts, domain=domain)

    proposal = proposed_name(wanted, 2, given_rules)

    assert refusals(proposal, given_rules) == ()
    assert proposal.parts[:2] == wanted.parts[:2]
    assert len(proposal.parts) == len(wanted.parts)
    assert proposed_name(proposal, 2, given_rules) == proposal
    if not refusals(wanted, given_rules):
        assert proposal == wanted


@pytest.mark.parametrize(
    ("version", "refused"),
    [
        ("2.4", '!"%()*/;<>?[\\]^`{|}'),
        ("3.0", '!"%*/;<>\\^`{|}'),
        ("3.6", '"%*/;<>\\^`{|}'),
    ],
)
def test_each_version_refuses_its_own_characters(version: str, refused: str) -> None:
    """As CREATE answered for every printable character."""
    printable = [chr(code) for code in range(0x20, 0x7F) if chr(code) not in "/&"]

    found = {each for each in printable if refusals(name(f"a{each}b"), rules(version))}

    assert found == set(refused) - {"/"}


@pytest.mark.parametrize("version", VERSIONS)
def test_accents_and_other_scripts_are_taken_everywhere(version: str) -> None:
    part = encoded_part("\u00c9l\u00e9ments & \u65e5\u672c\u8a9e")

    assert refusals(name(part), rules(version)) == ()
    assert proposed_part(part, rules(version)) == part


@pytest.mark.parametrize(
    ("version", "is_taken"), [("2.4", False), ("3.0", False), ("3.2", True), ("3.6", True)]
)
def test_characters_beyond_the_plane_are_taken_since_3_2(
    version: str,
    is_taken: bool,  # noqa: FBT001 - a table
) -> None:
    assert (refusals(name(encoded_part("\U0001f600")), rules(version)) == ()) is is_taken


@pytest.mark.parametrize("part", ["caf\udce9", "\u00e9", "&", "&AC8-", "&AGE-", "a&b", "&AAA"])
def test_what_is_no_modified_utf7_is_refused(part: str) -> None:
    assert any("modified UTF-7" in reason for reason in refusals(name(part), rules()))


@pytest.mark.parametrize("part", ["a\tb", "&AAk-", "&AH8-", "a\x7f"])
def test_control_characters_are_refused_however_they_are_written(part: str) -> None:
    assert refusals(name(part), rules())
    assert "_" in proposed_part(part, rules())


@pytest.mark.parametrize(
    ("part", "proposal"),
    [
        ("a%b*c", "a_b_c"),
        ("50% off; really", "50_ off_ really"),
        ("R&D", "R&-D"),
        ("caf\udce9", "caf_"),
        ("caf\u00e9", "caf&AOk-"),
        ("\udce9", "_"),
        ("Sent", "Sent"),
    ],
)
def test_a_proposal_alters_as_little_as_it_takes(part: str, proposal: str) -> None:
    assert proposed_part(part, rules()) == proposal


@pytest.mark.parametrize("octets", [MOST_PART_OCTETS, MOST_PART_OCTETS + 1])
def test_one_level_is_limited_where_it_is_a_directory(octets: int) -> None:
    wanted = name("x" * octets)

    assert bool(refusals(wanted, rules())) is (octets > MOST_PART_OCTETS)
    assert refusals(wanted, rules(is_uuid_layout=True)) == ()
    assert len(proposed_name(wanted, 2, rules()).parts[2]) == MOST_PART_OCTETS


@pytest.mark.parametrize("more", [0, 1])
def test_the_whole_name_is_limited_with_its_domain(more: int) -> None:
    before = len("user/jdoe/@b.loc")
    wanted = name("x" * 200 + "/".join(["", *[]]), "y" * (MOST_NAME_OCTETS - before - 201 + more))

    assert bool(refusals(wanted, rules(is_uuid_layout=True))) is bool(more)
    proposal = proposed_name(wanted, 2, rules(is_uuid_layout=True))
    assert len(proposal.admin) == MOST_NAME_OCTETS
    assert proposal.parts[2] == "x" * 200


def test_the_server_s_separator_is_refused_in_a_part() -> None:
    assert refusals(name("v1.2"), rules()) == ()
    assert refusals(name("v1.2"), rules(separator="."))
    assert proposed_part("v1.2", rules(separator=".")) == "v1_2"


@pytest.mark.parametrize(
    ("domain", "default", "is_taken"),
    [
        ("b.loc", None, True),
        ("b.loc", "c.org", True),
        (None, None, False),
        ("b.loc", "b.loc", False),
    ],
)
def test_an_at_sign_is_refused_where_it_would_be_taken_for_a_domain(
    domain: str | None,
    default: str | None,
    is_taken: bool,  # noqa: FBT001 - a table
) -> None:
    """That is wherever the name is written without its domain."""
    given_rules = NameRules(
        version=(3, 6, 1), separator="/", is_uuid_layout=False, default_domain=default
    )
    wanted = name("a@b", domain=domain)

    assert (refusals(wanted, given_rules) == ()) is is_taken
    assert proposed_name(wanted, 2, given_rules).parts[2] == ("a@b" if is_taken else "a_b")


def test_the_default_domain_is_not_written() -> None:
    given_rules = NameRules(
        version=(3, 6, 1), separator="/", is_uuid_layout=False, default_domain="b.loc"
    )

    assert given_rules.written(name("x")) == "user/jdoe/x"
    assert given_rules.written(name("x", domain="c.org")) == "user/jdoe/x@c.org"
    assert rules(separator=".").written(name("x")) == "user.jdoe.x@b.loc"


def test_all_reasons_are_given_at_once() -> None:
    reasons = refusals(name("a%b", "\U0001f600" * 400), rules("2.4"))

    assert len(reasons) >= 4
