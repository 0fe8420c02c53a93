"""The page of an export: nothing from mail can become a part of it, and it asks no network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from respool.exports.manifest_head import ExportForm
from respool.model.accounts import Account, AccountKind
from respool.targets.export import index_page
from respool.targets.export.index_page import IndexRow, render_index_page
from tests.support.small_exports import MESSAGES, head_of

HEAD = head_of(ExportForm.EML, MESSAGES)
HOSTILE = "</script><script>alert(1)</script><!--<script>&lt;"


class Parts(HTMLParser):
    """The elements of a page, and the text in each."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self.found.append((f"/{tag}", {}, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, attributes, text = self.found[-1]
            self.found[-1] = tag, attributes, text + data

    def texts(self, tag: str) -> list[str]:
        return [text for found, _, text in self.found if found == tag]


def rows(subject: str = "Hello", file: str | None = "INBOX/3.eml") -> list[IndexRow]:
    entry = replace(MESSAGES[0].entry("x"), file=file)
    return [IndexRow(entry=entry, subject=subject, sender=subject, recipients=subject)]


def page_of(given: Iterable[IndexRow], form: ExportForm = ExportForm.EML) -> str:
    return b"".join(render_index_page(replace(HEAD, form=form), given)).decode("utf-8")


def data_of(page: str) -> Any:  # noqa: ANN401 - JSON
    data, _ = Parts(page).texts("script")
    return json.loads(data)


def test_text_from_mail_cannot_end_the_block_that_it_stands_in() -> None:
    page = page_of(rows(HOSTILE))

    assert len(Parts(page).texts("script")) == 2
    assert data_of(page)["rows"][0][3] == HOSTILE
    assert "alert(1)</script>" not in page


def test_names_of_an_account_are_text_and_no_marks_of_the_page() -> None:
    account = Account(kind=AccountKind.USER, login='<b>"@data@@script@', domain=None)
    page = b"".join(render_index_page(replace(HEAD, account=account), rows())).decode("utf-8")

    assert Parts(page).texts("title") == ['Mail of <b>"@data@@script@']
    assert len(data_of(page)["rows"]) == 1


def test_its_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    parts = Parts(page_of(rows()))
    policy = next(
        attributes["content"] or ""
        for tag, attributes, _ in parts.found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    own = [parts.texts("style")[0], parts.texts("script")[1]]

    assert policy.startswith("default-src 'none'; base-uri 'none'; form-action 'none';")
    assert allowed == [
        base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in own
    ]
    assert "unsafe" not in policy


def test_it_names_no_other_place() -> None:
    page = page_of(rows())

    assert not re.search(r"https?://|//[a-z]|@import|url\(", page)


def test_a_message_without_a_file_of_its_own_has_no_link() -> None:
    (in_file,) = data_of(page_of(rows()))["rows"]
    (in_mbox,) = data_of(page_of(rows(), ExportForm.MBOX))["rows"]

    assert (in_file[7], in_mbox[7]) == ("INBOX/3.eml", "")


@pytest.mark.parametrize(
    ("file", "link"),
    [
        ("cur/1.x:2,S", "cur/1.x%3A2%2CS"),
        ("a b/#1?.eml", "a%20b/%231%3F.eml"),
        ("caf\udce9/1.eml", "caf%E9/1.eml"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_a_link_leads_to_its_file_whatever_that_is_called(file: str, link: str) -> None:
    assert data_of(page_of(rows(file=file)))["rows"][0][7] == link


def test_a_message_that_was_lost_says_why() -> None:
    entry = replace(MESSAGES[0].entry("x"), file=None, lost="its file is gone")

    (row,) = data_of(page_of([IndexRow(entry=entry)]))["rows"]

    assert row[7:] == ["", "its file is gone"]


def test_of_too_many_the_first_are_shown_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_page, "MOST_ROWS", 300)

    data = data_of(page_of(rows() * 700))

    assert (len(data["rows"]), data["more"]) == (300, 400)


def test_an_export_without_messages_has_a_page() -> None:
    assert data_of(page_of([])) == {"rows": [], "folders": list(HEAD.folders), "more": 0}
