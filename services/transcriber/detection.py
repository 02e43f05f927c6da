"""Voice activity detection with Silero VAD.

The network is recurrent: after long noise its state makes it deaf to the speech that follows.
So the stretches in which it finds nothing are scanned a second time, in short windows that each
start with a fresh state, and the higher probability counts.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from faster_whisper.vad import get_vad_model

from services.transcriber.audio import Samples
from services.transcriber.energy import include_sounds
from services.transcriber.frames import FRAME, FRAME_S, SPEECH, Probabilities, find_runs
from services.transcriber.speech import CHUNK_SAMPLES, SAMPLE_RATE_HZ, Span

NO_SPEECH = 0.35
"""Probability below which a frame can end speech."""
LEAST_SILENCE = round(0.16 / FRAME_S)
PADDING = round(0.4 * SAMPLE_RATE_HZ)
LONGEST_SPAN = (CHUNK_SAMPLES - 2 * PADDING) // FRAME - 1

LEAST_QUIET = round(1 / FRAME_S)
"""Frames without speech in a row that are worth a second scan: one second."""
WINDOW = round(6 / FRAME_S)
HOP = WINDOW // 2
LEAST_VOICE = 8
"""Frames of voice in a row that a second scan must find, since noise can pass for less."""
SURE_VOICE = 0.7
LONG_NOISE = round(8 / FRAME_S)
AFTER_NOISE = round(15 / FRAME_S)
LONGEST_BRIDGE = round(4 / FRAME_S)
SILENCE = 1e-4
"""Peak (-80 dBFS) below which there is nothing to scan."""


@dataclass(frozen=True, eq=False)
class Speech:
    """The speech that was detected in a section of audio."""

    spans: tuple[Span, ...]
    """In order, each of at most 30 seconds, with a margin around the voice."""
    probabilities: Probabilities
    """Of a voice in each frame of 512 samples."""
    included: Probabilities | None = None
    """The same with sounds as loud as the speech around them, if they were looked for."""

    def measure_s(self, start: int, end: int) -> float:
        """Return how many seconds of voice there are between two samples."""
        first, last = round(start / FRAME), round(end / FRAME)
        return float((self.probabilities[first:last] >= SPEECH).sum()) * FRAME_S

    def mean_probability(self, start: int, end: int) -> float:
        """Return the mean probability of a voice between two samples, included sounds too."""
        known = self.probabilities if self.included is None else self.included
        found = known[start // FRAME : max(-(-end // FRAME), start // FRAME + 1)]
        return float(found.mean()) if found.size else 0.0

    def find_dip(self, start: int, end: int) -> int:
        """Return the sample between two others at which a voice is least likely."""
        first, last = -(-start // FRAME), end // FRAME
        if last <= first:
            return (start + end) // 2
        # A dip of several frames is a pause, one of a single frame may be a consonant.
        smooth = np.convolve(self.probabilities[first:last], np.ones(5) / 5, mode="same")
        return (first + int(np.argmin(smooth))) * FRAME + FRAME // 2


def detect_speech(samples: Samples) -> Speech:
    """Return the speech in mono audio at 16 kHz."""
    probabilities = _scan(samples)
    quiet = quiet_first = _find_quiet(samples, probabilities)
    while quiet:
        found = [section for section in quiet if _scan_again(samples, probabilities, *section)]
        # What is left of a section in which there was speech may hold more.
        quiet = [
            (first, last)
            for first, last in _find_quiet(samples, probabilities)
            if any(start <= first and last <= end for start, end in found)
        ]
    included = include_sounds(samples, probabilities)
    spans = find_spans(_bridge(included, quiet_first), len(samples))
    return Speech(tuple(spans), probabilities, included)


def _bridge(probabilities: Probabilities, quiet: list[tuple[int, int]]) -> Probabilities:
    """Fill the short pauses in the speech that follows long noise.

    The detector then misses single words too, and the model can take a pause.
    """
    is_late = np.zeros(len(probabilities), np.bool_)
    for first, last in quiet:
        if last - first >= LONG_NOISE:
            is_late[first : last + AFTER_NOISE] = True
    bridged = probabilities.copy()
    for (_, end), (start, _) in pairwise(find_runs(probabilities >= SPEECH)):
        if start - end <= LONGEST_BRIDGE and is_late[end]:
            bridged[end:start] = SPEECH
    return bridged


def find_spans(probabilities: Probabilities, length: int) -> list[Span]:
    """Return the spans of speech for the probabilities of its frames: pure.

    Args:
        probabilities: One per frame of 512 samples.
        length: Number of samples.
    """
    found = [
        (first * FRAME, min(last * FRAME, length))
        for start, end in _find_voices(probabilities)
        for first, last in _split(probabilities, start, end)
    ]
    if not found:
        return []
    edges = [0, *((end + start) // 2 for (_, end), (start, _) in pairwise(found)), length]
    return [
        Span(max(before, start - PADDING), min(after, end + PADDING))
        for (start, end), (before, after) in zip(found, pairwise(edges), strict=True)
    ]


def _scan(samples: Samples) -> Probabilities:
    if not len(samples):
        return np.empty(0, np.float32)
    padded = np.pad(samples, (0, -len(samples) % FRAME))
    return np.asarray(get_vad_model()(padded), np.float32).reshape(-1)


def _find_quiet(samples: Samples, probabilities: Probabilities) -> list[tuple[int, int]]:
    """Return the frames between which there is sound, but no speech for some time."""
    return [
        (first, last)
        for first, last in find_runs(probabilities < SPEECH)
        if last - first >= LEAST_QUIET
        and np.abs(samples[first * FRAME : last * FRAME]).max(initial=0) > SILENCE
    ]


def _scan_again(samples: Samples, probabilities: Probabilities, first: int, last: int) -> bool:
    """Raise the probabilities where a fresh state finds speech; return whether it does."""
    is_found = False
    for start in range(first, last, HOP):
        end = min(start + WINDOW, last)
        fresh = _scan(samples[start * FRAME : end * FRAME])
        known = probabilities[start : start + len(fresh)]
        for begin, stop in find_runs(fresh >= SPEECH):
            if stop - begin >= LEAST_VOICE and fresh[begin:stop].max() >= SURE_VOICE:
                np.maximum(known[begin:stop], fresh[begin:stop], out=known[begin:stop])
                is_found = True
    return is_found


def _find_voices(probabilities: Probabilities) -> list[tuple[int, int]]:
    """Return the frames at which speech starts and ends, by two thresholds."""
    found: list[tuple[int, int]] = []
    for start, end in find_runs(probabilities >= SPEECH):
        # Up to the next sure frame speech goes on, unless a pause of enough frames follows.
        if found and not _is_pause(probabilities, found[-1][1], start):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    starts = [start for start, _ in found] + [len(probabilities)]
    return [
        (start, _find_end(probabilities, end, following))
        for (start, end), following in zip(found, starts[1:], strict=True)
    ]


def _is_pause(probabilities: Probabilities, start: int, end: int) -> bool:
    below = np.flatnonzero(probabilities[start:end] < NO_SPEECH)
    return bool(below.size and below[-1] - below[0] >= LEAST_SILENCE)


def _find_end(probabilities: Probabilities, start: int, end: int) -> int:
    below = np.flatnonzero(probabilities[start:end] < NO_SPEECH)
    return start + int(below[0]) if below.size else end


def _split(probabilities: Probabilities, start: int, end: int) -> list[tuple[int, int]]:
    """Cut speech that lasts longer than the model can hear, where a pause is likeliest."""
    parts = []
    while end - start > LONGEST_SPAN:
        earliest = start + LONGEST_SPAN // 2
        dip = int(np.argmin(probabilities[earliest : start + LONGEST_SPAN]))
        parts.append((start, earliest + dip))
        start = earliest + dip
    return [*parts, (start, end)]
