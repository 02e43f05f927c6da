"""Lines are few and even, and end with clauses."""

import pytest

from orchestrator.captions.lines import break_lines
from orchestrator.captions.scripts import width
from orchestrator.captions.tokens import time_tokens


def lines(text: str, *, most: int = 42) -> list[str]:
    (tokens,) = time_tokens([{"text": text, "start": 0, "end": 1}])
    return break_lines(tokens, max_line_chars=most)


def test_text_that_fits_one_line_has_one_line() -> None:
    assert lines("Forty-two characters fit into one line now") == [
        "Forty-two characters fit into one line now"
    ]


def test_two_lines_are_about_as_long() -> None:
    assert lines("ask what you can do for your country and never wait") == [
        "ask what you can do for",
        "your country and never wait",
    ]


def test_a_line_ends_with_a_clause_rather_than_exactly_in_the_middle() -> None:
    assert lines("She came in the evening, and we left before it rained") == [
        "She came in the evening,",
        "and we left before it rained",
    ]


def test_a_word_that_is_longer_than_a_line_is_not_broken() -> None:
    assert lines("see Donaudampfschifffahrtsgesellschaft now", most=20) == [
        "see",
        "Donaudampfschifffahrtsgesellschaft",
        "now",
    ]


def test_no_line_of_japanese_begins_with_a_mark_or_a_small_kana() -> None:
    assert lines("ああああああ」いいいいい", most=14)[1] in {"いいいいい", "あ」いいいいい"}
    assert lines("ああああああっいいいいい", most=14)[1] in {"いいいいい", "あっいいいいい"}


def test_french_marks_stay_with_their_word() -> None:
    assert lines("Vous avez tout compris !", most=22)[-1].endswith("compris\u00a0!")


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("çã", 2), ("東京", 4), ("ｶﾅ", 2)])
def test_wide_characters_take_two_columns(text: str, columns: int) -> None:
    assert width(text) == columns
