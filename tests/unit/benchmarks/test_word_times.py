"""How word starts are compared with known pauses."""

from typing import Any

import numpy as np
import pytest

from benchmarks.services.signals import read_sound
from benchmarks.services.splices import choose_positions, insert_pauses
from benchmarks.services.word_times import RATE_HZ, Spaced, find_errors, find_onset
from tests.support.work_context import SAMPLES


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


def test_a_pause_is_inserted_between_two_words_and_ends_at_a_known_sample() -> None:
    wave = np.arange(4 * RATE_HZ, dtype=np.float64) + 1e6
    words = [{"word": word} for word in ("ask", "not", "what", "your")]
    spliced, said = insert_pauses(wave, words, [(1, 1.0), (3, 2.5)], floor_db=-60)
    assert [text for text, _ in said] == ["not what", "your"]
    for (_, start_s), place_s in zip(said, (1.0, 2.5), strict=True):
        assert spliced[round(start_s * RATE_HZ)] == wave[round(place_s * RATE_HZ)]
        assert abs(spliced[round(start_s * RATE_HZ) - 1]) < 1  # the pause


def make_words(*, length_s: float) -> list[dict[str, Any]]:
    """Return four words a second."""
    starts_s = [number / 4 for number in range(28)]
    return [{"word": "word", "start": start_s, "end": start_s + length_s} for start_s in starts_s]


def test_pauses_are_inserted_into_running_speech_only() -> None:
    path = SAMPLES / "sense_and_sensibility_01_austen_64kb-0870.wav"
    clip = read_sound(path, rate_hz=RATE_HZ, layout="mono")[:, 0]
    words = make_words(length_s=0.25)
    apart = make_words(length_s=0.15)
    assert choose_positions(clip, words) != []
    assert choose_positions(clip, apart) == []
    assert choose_positions(np.zeros_like(clip), words) == []
