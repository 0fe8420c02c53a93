from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from respool.cyrus.imapd_conf import ServerConfiguration, merged, parse_lines, render
from respool.errors import FormatError

KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
VALUES = st.from_regex(r"[!-~]([ -~]{0,10}[!-~])?", fullmatch=True).filter(
    lambda value: not value.endswith("\\")
)


def options(text: str) -> dict[str, str]:
    return dict(merged(list(parse_lines(text))).options)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("admins: cyrus root\n", {"admins": "cyrus root"}),
        ("  admins :  cyrus  root  \n", {"admins": "cyrus  root"}),
        ("Partition-Main: /A\n", {"partition-main": "/A"}),
        ("a: x: y\n", {"a": "x: y"}),
        ("a:\n", {"a": ""}),
        ("\n# a: b\n   # c: d\n \t \n", {}),
        ("a: b # c\n", {"a": "b # c"}),
        ("a: one\\\n two\nb: c\n", {"a": "one two", "b": "c"}),
        ("a: one \\\ntwo \\\nthree\n", {"a": "one two three"}),
        ("# a: \\\nb: c\nd: e\n", {"d": "e"}),
        ("a: b\na: c\n", {"a": "c"}),
        ("a: b", {"a": "b"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
    ],
    ids=[
        "plain",
        "spaces",
        "case",
        "colon-in-value",
        "empty",
        "comments",
        "no-comment-behind-a-value",
        "continued-with-its-space",
        "continued-twice",
        "continued-comment",
        "twice",
        "no-line-feed",
        "windows",
    ],
)
def test_a_configuration_is_read_as_the_server_reads_it(
    text: str, expected: dict[str, str]
) -> None:
    """A line is joined with the next before anything is trimmed; a comment, too."""
    assert options(text) == expected


def test_an_include_comes_at_its_place() -> None:
    text = "a: b\n@include: /etc/more.conf\nc: d\n"

    assert list(parse_lines(text)) == [("a", "b"), ("@include", "/etc/more.conf"), ("c", "d")]


def test_a_line_that_is_no_option_is_refused_with_its_number() -> None:
    with pytest.raises(FormatError, match="line 3"):
        options("# x\na: b\nnonsense\n")


@given(given_options=st.dictionaries(KEYS, VALUES, max_size=4))
def test_what_was_rendered_is_read_again(given_options: dict[str, str]) -> None:
    assert options(render(given_options)) == given_options


@pytest.mark.parametrize(
    ("value", "is_on"),
    [(value, True) for value in ("yes", "YES", "on", "true", "t", "1")]
    + [(value, False) for value in ("no", "off", "false", "0", "")],
)
def test_switches(value: str, is_on: bool) -> None:  # noqa: FBT001 - a table
    configuration = ServerConfiguration(options={"s": value})

    assert configuration.is_on("s") is is_on
    assert configuration.is_on("s", default=True) is is_on
    assert configuration.is_on("other", default=True)


def test_the_roots_of_each_kind_are_told_apart() -> None:
    configuration = merged(
        [
            ("partition-b_loc", "/data"),
            ("metapartition-b_loc", "/meta"),
            ("archivepartition-b_loc", "/archive"),
            ("metapartition_files", "Header INDEX cache"),
        ]
    )

    assert configuration.roots("") == {"b_loc": PurePosixPath("/data")}
    assert configuration.roots("meta") == {"b_loc": PurePosixPath("/meta")}
    assert configuration.roots("archive") == {"b_loc": PurePosixPath("/archive")}
    assert configuration.meta_kinds == {"header", "index", "cache"}


def test_what_is_not_said_has_the_server_s_default() -> None:
    configuration = merged([])

    assert configuration.configdirectory == PurePosixPath("/var/lib/cyrus")
    assert configuration.admins == ()
    assert configuration.meta_kinds == frozenset()


def archived(data: str, partitions: dict[str, str], *, is_on: bool = True) -> str | None:
    """Where what lies in ``data`` is archived; ``partitions`` by kind and name."""
    lines = [(key.replace("_", "-", 1), value) for key, value in partitions.items()]
    switch = [("archive_enabled", "yes")] if is_on else []
    found = merged([*lines, *switch]).archived(PurePosixPath(data))
    return None if found is None else str(found)


HERE = {"partition_a": "/spool/a", "archivepartition_a": "/archive/a"}


@pytest.mark.parametrize(
    ("data", "partitions", "expected"),
    [
        ("/spool/a/j/user/jdoe", HERE, "/archive/a/j/user/jdoe"),
        ("/spool/a", HERE, "/archive/a"),
        ("/spool/ab/j/user/jdoe", HERE, None),
        ("/elsewhere/j/user/jdoe", HERE, None),
        ("/spool/a/x", {"partition_a": "/spool/a"}, None),
        ("/spool/a/x", {"partition_a": "/spool/a", "archivepartition_b": "/archive"}, None),
        (
            "/spool/a/b/x",
            {**HERE, "partition_b": "/spool/a/b", "archivepartition_b": "/cold"},
            "/cold/x",
        ),
        ("/spool/a/b/x", {**HERE, "partition_b": "/spool/a/b"}, None),
    ],
    ids=[
        "below",
        "the-root-itself",
        "a-root-with-a-longer-name",
        "on-no-partition",
        "without-archive",
        "an-archive-of-another",
        "the-inner-of-two-roots",
        "the-inner-of-two-roots-has-none",
    ],
)
def test_what_is_archived_lies_at_the_same_path_below_the_archive_partition(
    data: str, partitions: dict[str, str], expected: str | None
) -> None:
    assert archived(data, partitions) == expected


def test_without_the_switch_nothing_is_archived() -> None:
    """The server ignores the partition then, and would not find the message."""
    assert archived("/spool/a/x", HERE, is_on=False) is None


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("admin0", True),
        ("ADMIN0", True),
        ("admin0@b.loc", True),
        ("admin0@other.loc", False),
        ("second", True),
        ("domain@other.loc", True),
        ("domain", False),
        ("jdoe", False),
    ],
)
def test_an_administrator_is_one_of_any_service(name: str, *, may: bool) -> None:
    options = {
        "admins": "admin0 domain@other.loc",
        "imap_admins": "second",
        "defaultdomain": "b.loc",
    }

    assert ServerConfiguration(options=options).administers(name) is may


def test_who_is_in_a_group_of_administrators_is_not_known() -> None:
    assert ServerConfiguration(options={"admins": "group:wheel"}).administers("anybody")
