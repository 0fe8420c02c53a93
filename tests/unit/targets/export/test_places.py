from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from respool.exports.manifest_head import ExportForm
from respool.exports.safe_names import same_name
from respool.model.names import encoded_part
from respool.targets.export.places import Parts, folder_places

PART = st.sampled_from(
    ["Sent", "sent", "SENT", "a.b", "a_b", "INBOX", "con", "CON", "x.mbox", "x"]
)
PARTS = (
    PART
    | st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=90
    )
).map(encoded_part)
FOLDERS = st.lists(st.lists(PARTS, max_size=4).map(tuple), max_size=8, unique=True)


def places(form: ExportForm, *folders: Parts) -> list[str]:
    return [each.place for each in folder_places(form, folders)]


def test_folders_of_a_maildir_are_as_dovecot_and_courier_write_them() -> None:
    found = places(ExportForm.MAILDIR, (), ("Projects", "2017"), ("&AMk-t&AOk-",))
    assert found == [".", ".Projects.2017", ".&AMk-t&AOk-"]


def test_a_dot_in_a_name_is_no_level_of_a_maildir() -> None:
    found = places(ExportForm.MAILDIR, ("v1.2",), ("v1", "2"), ("v1_2",))
    assert found == [".v1_2", ".v1.2", ".v1_2 (2)"]


def test_a_real_folder_inbox_is_not_the_inbox() -> None:
    assert places(ExportForm.EML, (), ("INBOX",), ("INBOX", "a")) == [
        "INBOX",
        "INBOX (2)",
        "INBOX (2)/a",
    ]
    assert places(ExportForm.MAILDIR, (), ("inbox",)) == [".", ".inbox (2)"]


def test_an_mbox_file_is_not_the_directory_of_another_folder() -> None:
    found = places(ExportForm.MBOX, ("a",), ("a", "b"), ("a.mbox",), ("a.mbox", "c"))
    assert len({same_name(each) for each in found}) == 4


def test_upper_and_lower_case_are_one_on_windows() -> None:
    assert places(ExportForm.ZIP, ("devis",), ("DEVIS",)) == ["devis", "DEVIS (2)"]
    assert places(ExportForm.MAILDIR, ("devis",), ("DEVIS",)) == [".devis", ".DEVIS"]


def test_the_pages_of_an_export_have_their_names_for_themselves() -> None:
    assert places(ExportForm.EML, ("manifest.json",), ("Index.HTML",)) == [
        "manifest.json (2)",
        "Index.HTML (2)",
    ]


@given(st.sampled_from(ExportForm), FOLDERS)
def test_no_two_folders_stand_in_one_place(form: ExportForm, folders: list[Parts]) -> None:
    found = folder_places(form, folders, is_folding=True)

    assert len({same_name(each.place) for each in found}) == len(folders)
    assert all(
        len(name.encode("utf-8")) <= 255 for each in found for name in each.place.split("/")
    )


@given(FOLDERS)
def test_the_same_folders_get_the_same_places(folders: list[Parts]) -> None:
    once = folder_places(ExportForm.ZIP, folders)
    assert folder_places(ExportForm.ZIP, list(folders)) == once
