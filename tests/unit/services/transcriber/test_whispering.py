"""Whispered speech is distinguished from music, noise, applause and breath."""

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.services.signals import make_music, read_sound
from services.transcriber.frames import FRAME
from services.transcriber.speech import SAMPLE_RATE_HZ
from services.transcriber.whispering import find_whispering
from tests.support.whispers import whisper
from tests.support.work_context import SAMPLES

Wave = NDArray[np.float64]
SECONDS = 12
COUNT = SECONDS * SAMPLE_RATE_HZ
NOISE = np.random.default_rng(seed=2).standard_normal(COUNT)
TIME_S = np.arange(COUNT) / SAMPLE_RATE_HZ


def read(name: str) -> Wave:
    return read_sound(SAMPLES / name, rate_hz=SAMPLE_RATE_HZ, layout="mono")[:, 0]


def clap() -> Wave:
    """Return claps of a few hands, five times a second."""
    random = np.random.default_rng(seed=3)
    claps = np.zeros(COUNT)
    for start in random.integers(0, COUNT - 480, size=5 * SECONDS):
        claps[start : start + 480] += random.standard_normal(480) * np.exp(-np.arange(480) / 96)
    return claps


SOUNDS = {
    "noise": NOISE * 0.1,
    "noise that swells": NOISE * 0.1 * np.sin(2 * np.pi * TIME_S) ** 2,
    "breath": np.convolve(NOISE, np.ones(4) / 4, "same") * np.sin(np.pi * TIME_S / 1.5) ** 2,
    "claps": clap(),
    "music": make_music(COUNT, rate_hz=SAMPLE_RATE_HZ).mean(axis=1),
    "silence": np.zeros(COUNT),
}


def find(wave: Wave, voice: float = 0.0) -> list[tuple[float, float]]:
    probabilities = np.full(-(-len(wave) // FRAME), voice, np.float32)
    spans = find_whispering(wave.astype(np.float32), probabilities)
    return [(span.start / SAMPLE_RATE_HZ, span.end / SAMPLE_RATE_HZ) for span in spans]


@pytest.mark.parametrize("gain", [0.03, 1.0])
def test_whispered_speech_is_found_however_loud_it_is(gain: float) -> None:
    ((start_s, end_s),) = find(whisper(read("jfk.wav")) * gain)
    assert end_s - start_s >= 4


@pytest.mark.parametrize("kind", SOUNDS)
def test_other_sounds_are_not_whispering(kind: str) -> None:
    assert find(SOUNDS[kind]) == []


def test_a_voice_is_not_whispering() -> None:
    clip = read("jfk.wav")
    assert find(whisper(clip), voice=0.9) == []


@pytest.mark.parametrize("count", [0, 1, FRAME, SAMPLE_RATE_HZ])
def test_sounds_shorter_than_a_window_are_not_whispering(count: int) -> None:
    assert find(np.zeros(count)) == []


@pytest.mark.parametrize(("gain", "is_found"), [(0.3, True), (0.003, False)])
def test_crosstalk_of_another_channel_is_not_whispering(gain: float, *, is_found: bool) -> None:
    clip = read("jfk.wav")
    wave = np.concatenate([clip, gain * whisper(clip)]).astype(np.float32)
    probabilities = np.zeros(-(-len(wave) // FRAME), np.float32)
    probabilities[: len(clip) // FRAME] = 0.9
    assert bool(find_whispering(wave, probabilities)) == is_found
