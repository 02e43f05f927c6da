"""Plain text has readable paragraphs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.captions import join_texts, write_text
from tests.support.speech import talk, without_words


def segment(text: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, **more}


def paragraphs(segments: list[dict[str, Any]], **options: Any) -> list[str]:
    text = join_texts(one["text"] for one in segments)
    return write_text(text, segments, **options).rstrip("\n").split("\n\n")


def test_a_long_pause_ends_a_paragraph() -> None:
    found = paragraphs([segment("One.", 0, 1), segment("Two.", 1.5, 2), segment("Three.", 5, 6)])
    assert found == ["One. Two.", "Three."]


def test_a_pause_within_a_sentence_ends_no_paragraph() -> None:
    assert paragraphs([segment("and then", 0, 1), segment("he left.", 4, 5)]) == [
        "and then he left."
    ]


def test_a_change_of_language_ends_a_paragraph() -> None:
    segments = [segment("Olá.", 0, 1, language="pt"), segment("Hello.", 1, 2, language="en")]
    assert paragraphs(segments) == ["Olá.", "Hello."]


def test_some_sentences_make_a_paragraph() -> None:
    segments = without_words(talk(clip_count=70))
    found = paragraphs(segments)
    assert " ".join(found) == " ".join(one["text"] for one in segments)
    assert all(200 <= len(one) <= 800 for one in found[:-1])
    assert all(one.endswith(".") for one in found)


def test_a_text_in_one_segment_is_in_paragraphs_too() -> None:
    text = " ".join(
        ["Mr. John Dashwood had then leisure to consider how much there might be."] * 30
    )
    found = write_text(text, [segment(text, 0, 200)]).rstrip("\n").split("\n\n")
    assert len(found) > 3
    assert " ".join(found) == text
    assert all(one.startswith("Mr. John") and one.endswith("be.") for one in found)


def test_captions_without_full_stops_are_in_paragraphs() -> None:
    segments = [segment("somebody who never stops to talk", at, at + 1) for at in range(100)]
    assert max(map(len, paragraphs(segments))) <= 1100


def test_japanese_paragraphs_have_no_spaces_and_end_with_sentences() -> None:
    segments = [segment("吾輩は猫である。名前はまだ無い。", at, at + 1) for at in range(40)]
    found = paragraphs(segments, language="ja")
    assert len(found) > 1
    assert all(one.endswith("。") and " " not in one for one in found)


def test_a_text_that_differs_from_its_segments_is_returned_unchanged() -> None:
    assert write_text("The whole text.", [segment("Something else.", 0, 1)]) == "The whole text.\n"
    assert write_text("No segments.", []) == "No segments.\n"
    assert write_text("", []) == "\n"


@pytest.mark.parametrize("language", [None, "xx", "x" * 200, "pt-BR", "ja@lb=strict"])
def test_any_language_code_is_accepted(language: str | None) -> None:
    assert paragraphs([segment("One. " * 100, 0, 60)], language=language)


@given(
    st.lists(st.tuples(st.text("ab .,", min_size=1), st.floats(0, 99), st.booleans()), max_size=9)
)
def test_no_word_is_lost(said: list[tuple[str, float, bool]]) -> None:
    segments = [
        segment(text, at, at + 1, speaker="A" if is_named else None) for text, at, is_named in said
    ]
    found = " ".join(paragraphs(segments)).replace("A: ", "")
    assert sorted(found.split()) == sorted(" ".join(text for text, _, _ in said).split())
