"""Remove crosstalk from the channels of a call, so each carries only its own party. No I/O.

Each path has a short adaptive filter. Its output is subtracted, which keeps the channel's own voice
while both parties speak. Frames that contain only residual crosstalk are silenced.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples
from services.media.crosstalk import MIN_DBFS, Path

BLOCK_S = 8.0
PRIMING_S = 24.0
"""Start of a recording to which the filters are adapted before it is filtered."""
CONTEXT_S = 0.5
"""Overlap with the neighbouring blocks; longer than the maximum delay plus reverberation."""
FRAME_S = 0.02
FILTER_S = 0.024
EARLY_S = 0.006
"""The filter starts this much before the measured delay, which is not exact."""
RIDGE = 1e-4
DECAY = 0.7
"""Weight of each earlier block in the filter; paths change slowly."""
MIN_ADAPTED_S = 0.3
NEAR_DB = 4.0
"""A frame less than this above the level of crosstalk is treated as crosstalk alone."""
ATTENUATED_DB = 3.0
"""A frame that subtraction attenuates by more is crosstalk alone."""
MIN_ATTENUATED = 0.2
TAIL_S = 0.1
MARGIN_DB = 6.0
"""Residual crosstalk is at most this much louder than its median."""
REMEMBERED_FRAMES = 3000
OWN_DB = 6.0
"""A frame this much louder than residual crosstalk is the channel's own voice."""
AROUND_OWN_S = 0.1
FADE_S = 0.005

Row = NDArray[np.float32]
Frames = NDArray[np.bool_]
Decibels = NDArray[np.float64]


class CrosstalkRemover:
    """Removes crosstalk from a recording that is read in blocks.

    Args:
        paths: The paths between the channels.
        rate_hz: Sample rate.
    """

    def __init__(self, paths: Sequence[Path], rate_hz: int) -> None:
        self._frame = round(FRAME_S * rate_hz)
        self._context = round(CONTEXT_S / FRAME_S) * self._frame
        self._block = round(BLOCK_S / FRAME_S) * self._frame
        self._priming = round(PRIMING_S / FRAME_S) * self._frame
        self._fade = round(FADE_S * rate_hz)
        ordered = sorted(paths, key=lambda path: -path.gain_db)
        self._cancellers = [_Canceller(path, rate_hz) for path in ordered]

    def run(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the samples without crosstalk, with a delay of some seconds but the same length."""
        whole = self._block + 2 * self._context
        held: Samples | None = None
        is_primed = False
        for samples in blocks:
            if held is None:
                held = np.zeros((len(samples), self._context), np.float32)
            held = np.concatenate([held, samples], axis=1)
            if not is_primed and held.shape[1] < self._priming + 2 * self._context:
                continue
            if not is_primed:
                is_primed = self._prime(held)
            while held.shape[1] >= whole:
                yield self._clean(held[:, :whole])
                held = held[:, self._block :]
        if held is None:
            return
        left = held.shape[1] - self._context
        held = np.pad(held, ((0, 0), (0, whole)))
        if not is_primed:
            self._prime(held)
        while left > 0:
            yield self._clean(held[:, :whole])[:, :left]
            held, left = held[:, self._block :], left - self._block

    def _prime(self, held: Samples) -> bool:
        """Adapt the filters to the first blocks; the very first has the largest weight."""
        whole = self._block + 2 * self._context
        for start in reversed(range(0, held.shape[1] - whole + 1, self._block)):
            self._clean(held[:, start : start + whole])
        return True

    def _clean(self, held: Samples) -> Samples:
        """Return the block between the two contexts, without crosstalk."""
        inner = held[:, self._context : -self._context].copy()
        own = np.ones((len(held), inner.shape[1] // self._frame), bool)
        sources = [each.delay(held[each.path.source]) for each in self._cancellers]
        for canceller, source in zip(self._cancellers, sources, strict=True):
            row = inner[canceller.path.target]
            row[:] = canceller.subtract(row, source)
        for canceller, source in zip(self._cancellers, sources, strict=True):
            target = canceller.path.target
            own[target] &= canceller.find_own(inner[target], source)
        for channel in range(len(inner)):
            if not own[channel].all():
                inner[channel] *= self._shape(own[channel])
        return inner

    def _shape(self, frames: Frames) -> Row:
        """Return the gain of each sample: 0 or 1, with short ramps in between."""
        gains = np.repeat(frames, self._frame).astype(np.float32)
        before = self._fade // 2
        padded = np.pad(gains, (before, self._fade - 1 - before), mode="edge")
        window = np.full(self._fade, 1 / self._fade, np.float32)
        return np.convolve(padded, window, "valid").astype(np.float32)


class _Canceller:
    """The adaptive filter of one path, and the level of its residual crosstalk."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self._rate_hz = rate_hz
        self._frame = round(FRAME_S * rate_hz)
        self._context = round(CONTEXT_S / FRAME_S) * self._frame
        self._early = round(EARLY_S * rate_hz)
        self._correlations = np.zeros((2, round(FILTER_S * rate_hz)))
        self._adapted_s = 0.0
        self._crosstalk: Frames = np.zeros(0, bool)
        self._residual: Decibels = np.zeros(0)

    def delay(self, source: Row) -> Row:
        """Return the source, delayed to the earliest time at which the target may contain it."""
        shift = round(self.path.delay_s * self._rate_hz) - self._early
        delayed = np.zeros_like(source)
        if shift >= 0:
            delayed[shift:] = source[: len(source) - shift]
        else:
            delayed[:shift] = source[-shift:]
        return delayed

    def subtract(self, target: Row, source: Row) -> Row:
        """Return the inner part of the target without the filtered source.

        Args:
            target: The target without the contexts.
            source: The delayed source with both contexts.
        """
        loud_db = self._measure(self._align(source)[self._context : -self._context])
        before_db = self._measure(target)
        frames = (loud_db > MIN_DBFS) & (before_db - loud_db < self.path.gain_db + NEAR_DB)
        left = self._filter(frames, target, source)
        attenuated = frames & (before_db - self._measure(left) > ATTENUATED_DB)
        if attenuated.sum() > MIN_ATTENUATED * frames.sum():
            # The other frames contain both parties and would degrade the filter.
            frames = attenuated
            left = self._filter(frames, target, source)
        self._crosstalk = frames
        correlations = self._correlate(frames, target, source)
        self._correlations = DECAY * self._correlations + correlations
        self._adapted_s = DECAY * self._adapted_s + float(frames.sum()) * FRAME_S
        is_better = np.median((before_db - self._measure(left))[frames]) > 0 if frames.any() else 1
        return left if is_better else target

    def find_own(self, left: Row, source: Row) -> Frames:
        """Return the frames of the target that contain more than residual crosstalk."""
        loud_db = self._measure(self._align(source))
        steps = range(-1, round(TAIL_S / FRAME_S))
        around = self._context // self._frame
        source_db = np.max([np.roll(loud_db, step) for step in steps], axis=0)[around:-around]
        left_db = self._measure(left)
        residual = (left_db - source_db)[self._crosstalk]
        self._residual = np.concatenate([self._residual, residual])[-REMEMBERED_FRAMES:]
        usual_db = self.path.gain_db
        if self._residual.size:
            usual_db = float(np.median(self._residual))
        excess_db = left_db - source_db - usual_db - MARGIN_DB
        near_own = _widen(excess_db > OWN_DB, round(AROUND_OWN_S / FRAME_S))
        found: Frames = (excess_db > 0) & near_own | (source_db < MIN_DBFS)
        return found

    def _align(self, source: Row) -> Row:
        return np.roll(source, -self._early)

    def _measure(self, row: Row) -> Decibels:
        powers = np.square(row.reshape(-1, self._frame), dtype=np.float64).mean(axis=1)
        return np.asarray(10 * np.log10(powers + 1e-10))

    def _filter(self, frames: Frames, target: Row, source: Row) -> Row:
        """Return the target after subtraction with the filter that fits these frames best."""
        if DECAY * self._adapted_s + float(frames.sum()) * FRAME_S < MIN_ADAPTED_S:
            return target
        known = DECAY * self._correlations + self._correlate(frames, target, source)
        taps = _solve(*known)
        first = self._context - len(taps) + 1
        echo = _convolve(source[first : -self._context], taps)
        return (target - echo).astype(np.float32)

    def _correlate(self, frames: Frames, target: Row, source: Row) -> NDArray[np.float64]:
        """Return the autocorrelation of the source and its correlation with the target."""
        inside = np.repeat(frames, self._frame)
        own = source[self._context : -self._context]
        taps = self._correlations.shape[1]
        return np.stack(
            [_correlate(inside * row, source, self._context, taps) for row in (own, target)]
        )


def _correlate(one: Row, other: Row, offset: int, taps: int) -> NDArray[np.float64]:
    """Return the sums of ``one[t] * other[offset + t - k]`` for each ``k`` below ``taps``."""
    size = 1 << (len(other) + len(one)).bit_length()
    spectrum = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    return np.asarray(np.fft.irfft(spectrum, size)[offset - taps + 1 : offset + 1][::-1])


def _convolve(row: Row, taps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the filtered samples for which all taps have input."""
    size = 1 << (len(row) + len(taps)).bit_length()
    found = np.fft.irfft(np.fft.rfft(row, size) * np.fft.rfft(taps, size), size)
    return np.asarray(found[len(taps) - 1 : len(row)])


def _solve(
    autocorrelation: NDArray[np.float64], crosscorrelation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the filter with the minimum mean square error (Wiener-Hopf equations)."""
    taps = np.arange(len(autocorrelation))
    matrix = autocorrelation[np.abs(taps[:, None] - taps)]
    matrix[taps, taps] *= 1 + RIDGE
    return np.asarray(np.linalg.solve(matrix, crosscorrelation))


def _widen(frames: Frames, reach: int) -> Frames:
    return np.convolve(frames, np.ones(2 * reach + 1), "same") > 0
