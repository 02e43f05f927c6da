"""Changes of language are detected, and a foreign name is not one."""

from itertools import pairwise

import numpy as np
import pytest

from services.transcriber.detection import Speech
from services.transcriber.frames import FRAME_S
from services.transcriber.language_spans import (
    are_confused,
    choose_languages,
    cut_pieces,
    find_other,
    group_runs,
)
from services.transcriber.speech import SAMPLE_RATE_HZ, Span

PORTUGUESE = {"pt": 0.98, "en": 0.01}
ENGLISH = {"en": 0.93, "pt": 0.02}


def spans(*lengths_s: float) -> list[Span]:
    edges = np.cumsum([0, *lengths_s]) * SAMPLE_RATE_HZ
    return [Span(int(start), int(end)) for start, end in pairwise(edges)]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([ENGLISH, ENGLISH], ["en", "en"]),
        ([ENGLISH, PORTUGUESE, ENGLISH], ["en", "pt", "en"]),
        ([PORTUGUESE, ENGLISH, ENGLISH], ["pt", "en", "en"]),
        ([ENGLISH, {}, PORTUGUESE, PORTUGUESE], ["en", "en", "pt", "pt"]),
        ([ENGLISH, {"pt": 0.6, "en": 0.3}, ENGLISH], ["en", "en", "en"]),
        ([ENGLISH, PORTUGUESE, {"fr": 0.99, "en": 0.001}], ["en", "pt", "fr"]),
    ],
)
def test_a_probable_change_of_language_is_detected(
    found: list[dict[str, float]], expected: list[str]
) -> None:
    assert choose_languages(spans(*[3.0] * len(found)), found, "en") == expected


def test_a_foreign_name_is_not_a_change_of_language() -> None:
    found = [ENGLISH, {"pt": 0.8, "en": 0.15}, ENGLISH]
    assert choose_languages(spans(3, 0.9, 3), found, "en") == ["en", "en", "en"]


def test_languages_that_the_model_confuses_count_as_one() -> None:
    assert are_confused("nn", "no")
    assert not are_confused("es", "pt")
    assert find_other({"gl": 0.9, "pt": 0.1}, "pt") is None
    assert find_other({"en": 0.9}, "pt") == "en"
    assert find_other({"en": 0.6}, "pt") is None
    assert find_other({}, "pt") is None


def test_long_speech_is_cut_at_a_pause_and_short_parts_are_joined() -> None:
    probabilities = np.ones(round(20 / FRAME_S), np.float32)
    probabilities[round(4.0 / FRAME_S) : round(4.4 / FRAME_S)] = 0.1
    speech = Speech((), probabilities)
    first, *_ = cut_pieces(spans(8), speech)
    assert first.end / SAMPLE_RATE_HZ == pytest.approx(4.2, abs=0.2)
    assert cut_pieces(spans(1, 1.5, 3), speech) == spans(2.5, 3)


def test_pieces_of_one_language_become_one_run() -> None:
    one, two, three = spans(1, 2, 3)
    apart = Span(three.end + 100, three.end + 200)
    runs = group_runs([one, two, three, apart], ["en", "en", "pt", "pt"])
    assert runs == [("en", (Span(0, two.end),)), ("pt", (three, apart))]
