"""Every word has a time, the service's if there is one."""

from typing import Any

import pytest

from orchestrator.captions.lanes import make_lanes
from orchestrator.captions.tokens import time_tokens


def word(text: str, start: Any, end: Any) -> dict[str, Any]:
    return {"word": text, "start": start, "end": end}


def timed(text: str, words: Any = (), *, start: Any = 0.0, end: Any = 10.0) -> list[Any]:
    segment = {"text": text, "start": start, "end": end, "words": list(words)}
    return [(token.text, token.start_ms, token.end_ms) for token in time_tokens([segment])[0]]


def test_words_keep_their_own_times() -> None:
    assert timed("Hello there.", [word("Hello", 1.2, 1.5), word("there.", 1.75, 2)]) == [
        ("Hello", 1200, 1500),
        ("there.", 1750, 2000),
    ]


def test_without_words_the_time_is_shared_by_length() -> None:
    assert timed("abc de fghij") == [("abc", 0, 3000), ("de", 3000, 5000), ("fghij", 5000, 10000)]


def test_parts_of_a_word_become_one_word_with_the_time_of_both() -> None:
    words = [word("ill", 1, 2), word("-disposed", 2.5, 3), word("man", 4, 5)]
    assert timed("ill-disposed man", words) == [("ill-disposed", 1000, 3000), ("man", 4000, 5000)]


def test_spaces_around_words_do_not_matter() -> None:
    assert timed("to New York", [word(" to", 1, 2), word(" New York ", 3, 4)]) == [
        ("to", 1000, 2000),
        ("New", 3000, 3429),
        ("York", 3428, 4000),
    ]


def test_punctuation_that_only_the_text_has_is_kept() -> None:
    found = timed("Hello, you there!", [word("Hello", 1, 2), word("there", 4, 5)])
    assert [text for text, _, _ in found] == ["Hello,", "you", "there!"]
    assert [start for _, start, _ in found] == [1000, 2500, 4000]


def test_words_that_are_not_in_the_text_are_ignored() -> None:
    assert timed("abc de", [word("não", 7, 8)], end=5) == [("abc", 0, 3000), ("de", 3000, 5000)]


@pytest.mark.parametrize("start", [None, "1", float("nan"), float("inf"), True])
def test_a_word_without_a_valid_time_gets_one_between_its_neighbours(start: Any) -> None:
    words = [word("a", 1, 2), word("b", start, start), word("c", 4, 5)]
    assert timed("a b c", words)[1] == ("b", 2000, 4000)


def test_without_a_text_the_words_are_the_text() -> None:
    assert timed("", [word("a", 1, 2), word("b", 2, 3)]) == [("a", 1000, 2000), ("b", 2000, 3000)]


def test_times_ascend_and_are_never_late() -> None:
    words = [word("a", 3, 4), word("b", 1, 2)]
    assert [start for _, start, _ in timed("a b", words)] == [1000, 1000]


def test_segments_are_sorted_by_time() -> None:
    segments = [{"text": "b", "start": 5, "end": 6}, {"text": "a", "start": 1, "end": 2}]
    assert [token.text for token in make_lanes(segments)[""].tokens] == ["a", "b"]


def test_control_characters_and_lone_surrogates_are_removed() -> None:
    assert [text for text, _, _ in timed("a\x00b\x1b\nc\ud800\u2028d")] == ["ab", "c", "d"]


def test_a_time_is_rounded_to_the_earlier_millisecond() -> None:
    assert timed("a", [word("a", 1.0056, 1.1)])[0][1] == 1005
    assert timed("a", [word("a", 1.005, 1.1)])[0][1] == 1005
