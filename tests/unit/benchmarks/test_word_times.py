"""How word starts are compared with known pauses."""

from typing import Any

import numpy as np
import pytest

from benchmarks.services.word_times import RATE_HZ, Spaced, find_errors, find_onset


def make_voice(silence_s: float, rise_s: float, seconds: float = 1.0) -> np.ndarray[Any, Any]:
    time_s = np.arange(round((silence_s + seconds) * RATE_HZ)) / RATE_HZ
    loudness = np.clip((time_s - silence_s) / rise_s, 0, 1) ** 2
    return np.asarray(0.3 * loudness * np.sin(2 * np.pi * 200 * time_s))


def test_the_onset_of_a_voice_is_found() -> None:
    assert find_onset(make_voice(0.4, 0.03)) == pytest.approx(0.4, abs=0.015)


def test_a_voice_that_rises_slowly_has_no_sure_onset() -> None:
    assert find_onset(make_voice(0.4, 0.9)) is None


def test_only_recognized_first_words_count() -> None:
    spaced = Spaced("en", np.empty(0), (("Ask not", 1.0), ("what your country", 4.0), ("do", 9.0)))
    heard = [
        ("Ask", 1.1),
        ("not", 1.5),
        ("That", 2.0),
        ("your", 4.3),
        ("country", 5.0),
        ("Do.", 8.8),
    ]
    words = [{"word": word, "start": start} for word, start in heard]
    assert find_errors(spaced, words) == [pytest.approx(0.1), pytest.approx(-0.2)]
