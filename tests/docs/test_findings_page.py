"""docs/reference/findings.md says what the table of finding kinds says."""

from __future__ import annotations

import json

from respool.model.finding_kinds import KINDS, Severity
from respool.model.findings import Finding
from tests.docs.pages import FENCE, PROJECT, REFERENCE, sections

PAGE = REFERENCE / "findings.md"
ORDER = (Severity.NOTE, Severity.LOSS, Severity.BLOCKS)


def test_every_code_has_a_heading_in_the_order_of_the_table_which_is_sorted() -> None:
    assert list(sections(PAGE, 2)) == list(KINDS)
    assert list(KINDS) == sorted(KINDS)


def test_below_each_heading_stand_its_severities_and_its_sentence() -> None:
    page = sections(PAGE, 2)
    wrong = [code for code in KINDS if not page.get(code, "").startswith(beginning(code))]

    assert wrong == []


def beginning(code: str) -> str:
    kind = KINDS[code]
    severities = " or ".join(each for each in ORDER if each in kind.severities)
    return f"\n\nSeverity: {severities}.\n{kind.means}\n"


def test_what_a_finding_means_is_one_sentence() -> None:
    assert [
        code
        for code, kind in KINDS.items()
        if not kind.means.endswith(".") or ". " in kind.means or not kind.means[0].isupper()
    ] == []


def test_every_code_of_the_table_is_one_that_the_program_can_make() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (PROJECT / "src").rglob("*.py")
        if path.name != "finding_kinds.py"
    )

    assert [code for code in KINDS if f'"{code}"' not in sources] == []


def test_the_examples_have_the_fields_of_a_finding() -> None:
    one = Finding(severity=Severity.NOTE, code="guid-zero", subject="cyrus.index", text="t")
    for page, part in ((PAGE, None), (REFERENCE / "commands.md", "respool backups")):
        text = page.read_text(encoding="utf-8") if part is None else sections(page, 2)[part]
        block = FENCE.findall(text)[0 if part is None else -1]
        example = json.loads(block.removeprefix("```json").removesuffix("```"))

        assert list(example) == list(one.as_json())
        assert example["means"] == KINDS[example["code"]].means
