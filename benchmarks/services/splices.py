"""Pauses that are inserted into running speech, so that their ends are known to the sample.

The place is between two words as the recognizer times them, where the detector is sure that the
voice goes on. So the sound after a pause begins at the splice, however loud it is: the truth does
not depend on its energy. It is wrong by as much as the recognizer misplaces the border of two
words in running speech, in either direction.
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
"""Most seconds between two words without a pause."""
VOICED_S = 0.16
SURE_VOICE = 0.8
"""Probability of a voice for ``VOICED_S`` before and after a splice."""
APART_S = 2.5
PAUSES_S = (0.5, 3.0)

Wave = NDArray[np.float64]
Places = list[tuple[int, float]]


def choose_places(wave: Wave, words: Sequence[Mapping[str, Any]]) -> Places:
    """Return the numbers of the words before which a pause fits, and its second.

    Args:
        wave: Mono at 16 kHz.
        words: What is heard in it, in order.
    """
    voice = detect_speech(wave.astype(np.float32)).probabilities
    near = round(VOICED_S * SAMPLE_RATE_HZ / FRAME)
    places: Places = []
    passed_s = 0.0
    for number, (before, after) in enumerate(pairwise(words), start=1):
        place_s = (before["end"] + after["start"]) / 2
        frame = round(place_s * SAMPLE_RATE_HZ / FRAME)
        is_connected = 0 <= after["start"] - before["end"] < CONNECTED_S
        is_voiced = voice[max(0, frame - near) : frame + near].min(initial=1.0) >= SURE_VOICE
        if is_connected and is_voiced and place_s - passed_s >= APART_S:
            places.append((number, place_s))
            passed_s = place_s
    return places


def insert_pauses(
    wave: Wave, words: Sequence[Mapping[str, Any]], places: Places, *, floor_db: float
) -> tuple[Wave, tuple[tuple[str, float], ...]]:
    """Return the wave with pauses, and what is said after each with the second when it starts.

    Args:
        wave: Mono at 16 kHz.
        words: What is heard in it.
        places: Where the pauses go, as ``choose_places`` returns them.
        floor_db: The level of the room in the pauses.
    """
    random = np.random.default_rng(seed=9)
    parts: list[Wave] = []
    said: list[tuple[str, float]] = []
    start = passed = 0
    ends = [number for number, _ in places[1:]] + [len(words)]
    for (number, place_s), end in zip(places, ends, strict=True):
        place = round(place_s * SAMPLE_RATE_HZ)
        pause = round(random.uniform(*PAUSES_S) * SAMPLE_RATE_HZ)
        parts += [wave[start:place], random.standard_normal(pause) * 10 ** (floor_db / 20)]
        passed += place - start + pause
        start = place
        text = " ".join(word["word"] for word in words[number:end])
        said.append((text, passed / SAMPLE_RATE_HZ))
    return np.concatenate([*parts, wave[start:]]), tuple(said)
