"""Speech without words is found, and words are not duplicated."""

import numpy as np
import pytest

from services.transcriber.detection import Speech
from services.transcriber.frames import FRAME_S
from services.transcriber.gaps import find_gaps, merge_words
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.transcript import Word

REGION = Span(0, 8 * SAMPLE_RATE_HZ)


def make_words(*times_s: tuple[float, float]) -> list[Word]:
    return [Word(" word", start_s, end_s, 0.9) for start_s, end_s in times_s]


def speech(*voiced_s: tuple[float, float]) -> Speech:
    probabilities = np.zeros(round(8 / FRAME_S), np.float32)
    for start_s, end_s in voiced_s:
        probabilities[round(start_s / FRAME_S) : round(end_s / FRAME_S)] = 0.9
    return Speech((REGION,), probabilities)


@pytest.mark.parametrize(
    ("times_s", "expected_s"),
    [
        ([(0.0, 2.0), (2.0, 4.0), (4.3, 6.0), (6.1, 8.0)], []),
        ([(0.0, 2.0), (6.0, 8.0)], [(2.0, 6.0)]),
        ([(4.0, 6.0), (6.0, 8.0)], [(0.0, 4.0)]),
        ([(0.0, 2.0), (2.0, 4.0)], [(4.0, 8.0)]),
        ([(0.0, 5.0), (5.0, 6.5), (6.5, 8.0)], [(0.0, 5.0)]),  # covered by a long word
        ([], [(0.0, 8.0)]),
    ],
)
def test_speech_without_words_is_found(
    times_s: list[tuple[float, float]], expected_s: list[tuple[float, float]]
) -> None:
    gaps = find_gaps(make_words(*times_s), speech((0, 8)), [REGION])
    found_s = [(gap.start / SAMPLE_RATE_HZ, gap.end / SAMPLE_RATE_HZ) for gap in gaps]
    assert found_s == expected_s


def test_a_pause_or_a_breath_is_not_a_gap() -> None:
    words = make_words((0.0, 2.0), (6.0, 8.0))
    assert find_gaps(words, speech((0, 2), (6, 8)), [REGION]) == []
    assert find_gaps(words, speech((0, 2), (3, 3.3), (6, 8)), [REGION]) == []


@pytest.mark.parametrize(
    ("before", "new", "after", "expected"),
    [
        ([" ask", " not"], [" what", " you"], [" can"], (0, 0)),
        ([" ask", " not"], [" not", " what"], [" you"], (1, 0)),
        ([" ask"], [" not", " what"], [" What", " you"], (0, 1)),
        ([" ask"], [" ask"], [" ask"], (1, 0)),
        ([], [" new"], [], (0, 0)),
    ],
)
def test_a_word_beside_the_gap_is_not_duplicated(
    before: list[str], new: list[str], after: list[str], expected: tuple[int, int]
) -> None:
    assert merge_words(before, new, after) == expected
