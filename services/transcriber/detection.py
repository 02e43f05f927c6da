"""Voice activity detection with Silero VAD.

The network is recurrent: after long noise its state suppresses the speech that follows.
The runs in which it finds nothing are scanned a second time, in short windows that each
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
"""Probability of a voice below which a frame can end speech."""
LEAST_SILENCE = round(0.16 / FRAME_S)
"""Frames below ``NO_SPEECH`` that end speech."""
PADDING = round(0.4 * SAMPLE_RATE_HZ)
LONGEST_SPAN = (CHUNK_SAMPLES - 2 * PADDING) // FRAME - 1

LEAST_QUIET = round(1 / FRAME_S)
"""Consecutive frames without speech from which on a second scan is made: 1 s."""
WINDOW = round(6 / FRAME_S)
HOP = WINDOW // 2
LEAST_VOICE = 8
"""Consecutive frames of voice that a second scan must find; noise can cause fewer."""
SURE_VOICE = 0.7
LONG_NOISE = round(8 / FRAME_S)
AFTER_NOISE = round(15 / FRAME_S)
LONGEST_BRIDGE = round(4 / FRAME_S)
SILENCE = 1e-4
"""Peak (-80 dBFS) up to which no second scan is made."""


@dataclass(frozen=True, eq=False)
class Speech:
    """The speech that was detected in a section of a channel."""

    spans: tuple[Span, ...]
    """Spans in order, each of at most 30 seconds, with a margin around the voice."""
    probabilities: Probabilities
    """Probability of a voice in each frame of 512 samples."""
    included: Probabilities | None = None
    """The same, where sounds as loud as the speech around them count as speech, if detected."""

    def measure_s(self, start: int, end: int) -> float:
        """Return the seconds of voice between two samples."""
        first, last = round(start / FRAME), round(end / FRAME)
        return float((self.probabilities[first:last] >= SPEECH).sum()) * FRAME_S

    def mean_probability(self, start: int, end: int) -> float:
        """Return the mean probability of a voice between two samples, with included sounds."""
        known = self.probabilities if self.included is None else self.included
        found = known[start // FRAME : max(-(-end // FRAME), start // FRAME + 1)]
        return float(found.mean()) if found.size else 0.0

    def find_dip(self, start: int, end: int) -> int:
        """Return the sample between two others at which a voice is least probable."""
        first, last = -(-start // FRAME), end // FRAME
        if last <= first:
            return (start + end) // 2
        # A dip of several frames is a pause; a single frame may be a consonant.
        smooth = np.convolve(self.probabilities[first:last], np.ones(5) / 5, mode="same")
        return (first + int(np.argmin(smooth))) * FRAME + FRAME // 2


def detect_speech(samples: Samples) -> Speech:
    """Detect the speech in mono audio at 16 kHz."""
    probabilities = _scan(samples)
    quiet = quiet_first = _find_quiet(samples, probabilities)
    while quiet:
        found = [run for run in quiet if _scan_again(samples, probabilities, *run)]
        # The rest of a run in which speech was found may contain more.
        quiet = [
            (first, last)
            for first, last in _find_quiet(samples, probabilities)
            if any(start <= first and last <= end for start, end in found)
        ]
    included = include_sounds(samples, probabilities)
    spans = find_spans(_bridge(included, quiet_first), len(samples))
    return Speech(tuple(spans), probabilities, included)


def _bridge(probabilities: Probabilities, quiet: list[tuple[int, int]]) -> Probabilities:
    """Fill short pauses in the speech that follows long noise.

    There the detector also misses single words, and the model tolerates pauses.
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
    """Return the spans of speech from the probabilities of the frames: pure.

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
    """Return the runs of frames with sound and without speech, as pairs of start and end."""
    return [
        (first, last)
        for first, last in find_runs(probabilities < SPEECH)
        if last - first >= LEAST_QUIET
        and np.abs(samples[first * FRAME : last * FRAME]).max(initial=0) > SILENCE
    ]


def _scan_again(samples: Samples, probabilities: Probabilities, first: int, last: int) -> bool:
    """Raise the probabilities where a fresh state detects speech; return whether it does."""
    is_found = False
    for start in range(first, last, HOP):
        end = min(start + WINDOW, last)
        fresh = _scan(samples[start * FRAME : end * FRAME])
        known = probabilities[start : start + len(fresh)]
        for onset, offset in find_runs(fresh >= SPEECH):
            if offset - onset >= LEAST_VOICE and fresh[onset:offset].max() >= SURE_VOICE:
                np.maximum(known[onset:offset], fresh[onset:offset], out=known[onset:offset])
                is_found = True
    return is_found


def _find_voices(probabilities: Probabilities) -> list[tuple[int, int]]:
    """Return the runs of speech frames, by two thresholds (hysteresis)."""
    found: list[tuple[int, int]] = []
    for start, end in find_runs(probabilities >= SPEECH):
        # Speech continues up to the next run unless the pause between them is long enough.
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
    """Split speech that is longer than the model's window where a pause is most probable."""
    parts = []
    while end - start > LONGEST_SPAN:
        earliest = start + LONGEST_SPAN // 2
        dip = int(np.argmin(probabilities[earliest : start + LONGEST_SPAN]))
        parts.append((start, earliest + dip))
        start = earliest + dip
    return [*parts, (start, end)]
