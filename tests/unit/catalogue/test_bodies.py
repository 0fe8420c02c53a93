from __future__ import annotations

from respool.catalogue.bodies import Body, _words


def test_names_of_attachments_are_kept_of_a_message_with_very_many_words() -> None:
    text = " ".join(f"a{number}" for number in range(30_000))

    kept, _, is_all = _words(Body(text=text, attachments=("zebra.pdf",), is_whole=True))

    assert {"zebra", "pdf"} <= set(kept)
    assert len(kept) == 20_000
    assert not is_all


def test_all_words_of_a_usual_message_are_kept() -> None:
    kept, pairs, is_all = _words(Body(text="Hello 会議 b", attachments=(), is_whole=True))

    assert (kept, pairs, is_all) == (["b", "hello"], ["会議", "議"], True)
