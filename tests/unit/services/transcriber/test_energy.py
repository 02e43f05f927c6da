"""Short sounds as loud as speech are included, and other sounds are not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.services.signals import read_sound
from services.transcriber.detection import detect_speech
from services.transcriber.energy import include_sounds
from services.transcriber.frames import FRAME, SPEECH
from services.transcriber.speech import SAMPLE_RATE_HZ
from tests.support.work_context import SAMPLES

FRAMES = 300
VOICED = slice(20, 60)
VOICE_DB = -20.0


def make_sound(*parts: tuple[slice, float]) -> NDArray[np.float32]:
    """Return quiet noise with a voice and sounds at the given levels."""
    noise = np.random.default_rng(seed=1).standard_normal((FRAMES, FRAME))
    gains = np.full(FRAMES, 10 ** (-60 / 20))
    for frames, level_db in ((VOICED, VOICE_DB), *parts):
        gains[frames] = 10 ** (level_db / 20)
    return np.asarray((noise * gains[:, np.newaxis]).ravel(), np.float32)


def find_included(samples: NDArray[np.float32]) -> list[int]:
    probabilities = np.zeros(FRAMES, np.float32)
    probabilities[VOICED] = 0.9
    included = include_sounds(samples, probabilities)
    assert probabilities[100:].max() == 0  # the input is not changed
    assert (included[VOICED] == probabilities[VOICED]).all()
    return [int(frame) for frame in np.flatnonzero(included[100:] >= SPEECH) + 100]


def test_a_short_sound_as_loud_as_the_speech_around_it_counts_as_speech() -> None:
    assert find_included(make_sound((slice(120, 130), VOICE_DB - 3))) == [*range(120, 130)]


@pytest.mark.parametrize(
    "part",
    [
        pytest.param((slice(120, 130), VOICE_DB - 15), id="a breath"),
        pytest.param((slice(120, 122), VOICE_DB + 6), id="a click"),
        pytest.param((slice(120, 200), VOICE_DB), id="music"),
    ],
)
def test_other_sounds_do_not_count_as_speech(part: tuple[slice, float]) -> None:
    assert find_included(make_sound(part)) == []


def test_continuous_noise_does_not_count_as_speech() -> None:
    assert find_included(make_sound((slice(0, FRAMES), VOICE_DB - 3))) == []


def test_without_speech_no_sound_is_included() -> None:
    nothing = np.zeros(FRAMES, np.float32)
    assert include_sounds(make_sound(), nothing).max() == 0


@pytest.mark.parametrize("pause_s", [1.0, 2.0])
def test_a_short_word_between_two_pauses_is_in_a_span(pause_s: float) -> None:
    clip = read_sound(SAMPLES / "jfk.wav", rate_hz=SAMPLE_RATE_HZ, layout="mono")[:, 0]
    at = round(3.1 * SAMPLE_RATE_HZ)  # before "ask", which lasts from 3.3 to 3.8 s
    pause = np.zeros(round(pause_s * SAMPLE_RATE_HZ))
    samples = np.concatenate([clip[:at], pause, clip[at:]]).astype(np.float32)
    start, end = (round((time_s + pause_s) * SAMPLE_RATE_HZ) for time_s in (3.35, 3.75))
    spans = detect_speech(samples).spans
    assert any(span.start <= start and end <= span.end for span in spans)
