"""Pauses inserted into running speech, so that their ends are known to the sample.

A splice is between two words, according to the recognizer's times, where the detector is certain
that the voice continues. The sound after a pause thus starts at the splice, whatever its energy.
The error of this reference is that of the recognizer's word boundaries in running speech.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.transcriber.detection import detect_speech
from services.transcriber.frames import FRAME
from services.transcriber.speech import SAMPLE_RATE_HZ

CONNECTED_S = 0.05
"""Maximum seconds between two words without a pause."""
VOICED_S = 0.16
SURE_VOICE = 0.8
"""Probability of a voice for ``VOICED_S`` before and after a splice."""
APART_S = 2.5
PAUSES_S = (0.5, 3.0)

Wave = NDArray[np.float64]
Positions = list[tuple[int, float]]


def choose_positions(wave: Wave, words: Sequence[Mapping[str, Any]]) -> Positions:
    """Return the indices of words that a pause can precede, and its second.

    Args:
        wave: Mono at 16 kHz.
        words: Its transcribed words, in order.
    """
    voice = detect_speech(wave.astype(np.float32)).probabilities
    near = round(VOICED_S * SAMPLE_RATE_HZ / FRAME)
    positions: Positions = []
    passed_s = 0.0
    for number, (before, after) in enumerate(pairwise(words), start=1):
        position_s = (before["end"] + after["start"]) / 2
        frame = round(position_s * SAMPLE_RATE_HZ / FRAME)
        is_connected = 0 <= after["start"] - before["end"] < CONNECTED_S
        is_voiced = voice[max(0, frame - near) : frame + near].min(initial=1.0) >= SURE_VOICE
        if is_connected and is_voiced and position_s - passed_s >= APART_S:
            positions.append((number, position_s))
            passed_s = position_s
    return positions


def insert_pauses(
    wave: Wave, words: Sequence[Mapping[str, Any]], positions: Positions, *, floor_db: float
) -> tuple[Wave, tuple[tuple[str, float], ...]]:
    """Return the wave with pauses, and the text after each with its start in seconds.

    Args:
        wave: Mono at 16 kHz.
        words: Its transcribed words.
        positions: The positions of pauses from ``choose_positions``.
        floor_db: The level of background noise in the pauses.
    """
    random = np.random.default_rng(seed=9)
    parts: list[Wave] = []
    said: list[tuple[str, float]] = []
    start = passed = 0
    ends = [number for number, _ in positions[1:]] + [len(words)]
    for (number, position_s), end in zip(positions, ends, strict=True):
        position = round(position_s * SAMPLE_RATE_HZ)
        pause = round(random.uniform(*PAUSES_S) * SAMPLE_RATE_HZ)
        parts += [wave[start:position], random.standard_normal(pause) * 10 ** (floor_db / 20)]
        passed += position - start + pause
        start = position
        text = " ".join(word["word"] for word in words[number:end])
        said.append((text, passed / SAMPLE_RATE_HZ))
    return np.concatenate([*parts, wave[start:]]), tuple(said)
