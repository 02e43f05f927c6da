"""Marked and correct segments of a transcription."""

from typing import Any

from benchmarks.services.marks import find_right, is_marked
from benchmarks.services.texts import count_errors, split_words


def make_segment(text: str, start_s: float, end_s: float) -> dict[str, Any]:
    return {"text": text, "start": start_s, "end": end_s}


def test_a_segment_within_a_span_is_marked() -> None:
    spans = [
        {"code": "speech_without_text", "detail": "", "start": 0, "end": 9},
        {"code": "low_confidence", "detail": "", "start": 2.0, "end": 5.0},
    ]
    transcription = {"warnings": [{"code": "clipped", "detail": ""}, *spans]}
    assert is_marked(make_segment("a", 2.0, 3.0), transcription)
    assert is_marked(make_segment("b", 3.5, 5.0), transcription)
    assert not is_marked(make_segment("c", 4.5, 5.5), transcription)
    assert not is_marked(make_segment("d", 2.0, 3.0), {})


def test_a_segment_is_right_when_all_of_its_words_were_said_in_a_row() -> None:
    said = split_words("Ask not what your country can do for you.")
    segments = [
        make_segment("Ask not", 0, 1),
        make_segment("what our country", 1, 2),
        make_segment("can for", 2, 3),
        make_segment("You!", 3, 4),
        make_segment("...", 4, 5),
    ]
    assert [part["text"] for part in find_right(segments, said)] == ["Ask not", "You!"]


def test_accents_case_and_punctuation_are_no_errors() -> None:
    assert count_errors(split_words("É à noite."), split_words("e a Noite")) == 0
    assert count_errors(split_words("one two three"), split_words("one four three five")) == 2
