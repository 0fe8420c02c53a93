"""The page of an export in a real browser: what a person sees, and that nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from respool.exports.manifest_head import ExportForm
from respool.targets.export.index_page import IndexRow, render_index_page
from tests.support.browser import Browser, browser_program, started_browser
from tests.support.missing import give_up
from tests.support.small_exports import MESSAGES, Written, head_of

HOSTILE = (
    "</script><script>document.title = 'taken'</script>"
    "<img src=http://evil.invalid/x.png onerror=\"document.title = 'taken'\">"
)
MANY = 2000
DAY = 86_400
FIRST = 1_500_000_000  # 2017-07-14, in the night of Paris


def rows() -> Iterator[IndexRow]:
    for number in range(MANY):
        message = Written(
            folder="INBOX" if number % 2 else "Été/2017",
            uid=number + 1,
            octets=b"x",
            internaldate=FIRST + number * DAY,
            flags=("\\Seen",) if number % 3 else (),
        )
        subject = HOSTILE if number == 7 else f"Réunion {number:04d}"
        yield IndexRow(
            entry=replace(message.entry(f"INBOX/{number}.eml"), size_bytes=number),
            subject=subject,
            sender=f"Bob {number % 10} <bob@b.loc>",
        )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("export") / "index.html"
    page.write_bytes(b"".join(render_index_page(head_of(ExportForm.EML, MESSAGES), rows())))
    return page


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = browser_program()
    if program is None:
        give_up("no browser is installed: apt-get install chromium")
    with started_browser(program, tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def browser(started: Browser, page: Path) -> Browser:
    started.open(page)
    return started


def lines(browser: Browser) -> list[str]:
    script = "[...document.querySelectorAll('tr[data-at]')].map(line => line.innerText)"
    found: list[str] = browser.value(script)
    return found


def type_into(browser: Browser, field: str, text: str) -> None:
    browser.value(
        f"(field => {{ field.value = {text!r};"
        " field.dispatchEvent(new Event('input', {bubbles: true})); })"
        f"(document.getElementById({field!r}))"
    )


def test_rows_are_drawn_as_they_come_into_view(browser: Browser) -> None:
    assert 0 < len(lines(browser)) < 100
    assert browser.value("document.getElementById('count').textContent").startswith("2,000 of")

    browser.value("document.getElementById('list').scrollTop = 1e9")

    browser.until("document.querySelector('tr[data-at=\"1999\"]')")


def test_the_newest_comes_first_with_its_date_in_the_readers_zone(browser: Browser) -> None:
    first = lines(browser)[0]

    assert "1999" in first
    browser.value("document.querySelector('[data-by=date]').click()")
    assert "4:40" in lines(browser)[0]  # 02:40 UTC


def test_a_search_finds_words_without_their_accents(browser: Browser) -> None:
    type_into(browser, "words", "0042 reunion")

    browser.until("document.querySelectorAll('tr[data-at]').length === 1")
    assert "Réunion 0042" in lines(browser)[0]


def test_folder_and_days_narrow_the_list(browser: Browser) -> None:
    type_into(browser, "folder", "0")
    type_into(browser, "since", "2017-07-14")
    type_into(browser, "until", "2017-07-17")

    browser.until("document.getElementById('count').textContent.startsWith('2 of')")
    assert all("INBOX" in line for line in lines(browser))


def test_a_heading_sorts_and_says_so(browser: Browser) -> None:
    sizes = "document.querySelector('[data-by=size]')"
    browser.value(f"{sizes}.click()")
    assert "1999" in lines(browser)[0]

    browser.value(f"{sizes}.click()")

    assert browser.value(f"{sizes}.parentElement.ariaSort") == "ascending"
    assert "0 B" in lines(browser)[0]


def test_the_arrow_keys_go_from_message_to_message(browser: Browser) -> None:
    browser.value("document.querySelector('tr[data-at] a').focus()")
    browser.value(
        "for (let at = 0; at < 60; at += 1) document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}))"
    )

    assert browser.value("document.activeElement.closest('tr').dataset.at") == "60"


def test_text_from_mail_is_text_and_nothing_asks_the_network(browser: Browser, page: Path) -> None:
    type_into(browser, "words", "evil.invalid")
    browser.until("document.querySelectorAll('tr[data-at]').length === 1")

    assert HOSTILE in lines(browser)[0]
    assert browser.value("document.title") == "Mail of jdoe@b.loc"
    assert browser.value("document.querySelectorAll('img, iframe').length") == 0
    assert {each for each in browser.requests if not each.startswith("data:")} == {page.as_uri()}
    assert browser.errors == []


def test_a_script_that_is_not_its_own_does_not_run(browser: Browser) -> None:
    browser.value(
        "(script => { script.textContent = \"document.title = 'taken'\";"
        " document.body.append(script); })(document.createElement('script'))"
    )

    assert browser.value("document.title") == "Mail of jdoe@b.loc"
    browser.errors.clear()


def test_all_that_was_found_is_printed(browser: Browser) -> None:
    browser.value("dispatchEvent(new Event('beforeprint'))")
    assert len(lines(browser)) == MANY

    browser.value("dispatchEvent(new Event('afterprint'))")

    assert len(lines(browser)) < 100
