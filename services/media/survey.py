"""Measure the levels of all channels of a recording and their correlations. No I/O."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples

RATE_HZ = 8000
"""Sample rate of the measurements; voices are below half of it."""
WINDOW_S = 0.5
FRAME_S = 0.05
FRAMES = round(WINDOW_S / FRAME_S)
LAG_S = 0.3
"""Maximum delay between microphones in one room, and of echoes on a line."""
MAX_COMPARED = 8
"""Maximum number of channels that are compared with delays, which is expensive."""
SILENT_DBFS = -90.0
MIN_COPY_CORRELATION = 0.8
"""Minimum correlation without a delay of copies of one signal."""
LOW_HZ = 250

Levels = NDArray[np.float32]


class Survey:
    """The levels of all channels over time, and the correlation of each pair of them.

    Args:
        channels: Number of channels.
        rate_hz: Sample rate of the input.
    """

    def __init__(self, channels: int, rate_hz: int) -> None:
        self.channels = channels
        self._step = max(1, rate_hz // RATE_HZ)
        self._rate_hz = rate_hz / self._step
        self._window = round(WINDOW_S * self._rate_hz) // FRAMES * FRAMES
        self._rest: Samples = np.zeros((channels, 0), np.float32)
        self._levels: list[NDArray[np.float16]] = []
        self._shared: list[NDArray[np.float16]] = []
        self._lags: list[NDArray[np.int16]] = []
        self.same_sign = np.zeros((channels, channels), np.int64)
        """Number of windows in which a pair carries the same signal."""
        self.other_sign = np.zeros((channels, channels), np.int64)
        """Number of windows in which a pair carries the same signal with inverted polarity."""
        self.sounding = np.zeros(channels, np.int64)
        """Number of windows in which each channel is not silent."""
        self.high_share = np.zeros(channels)
        """The share of each channel's energy above ``LOW_HZ``."""
        self._energy = np.zeros((2, channels))

    def add(self, samples: Samples) -> None:
        """Add the next samples."""
        whole = samples.shape[1] // self._step * self._step
        # Much faster than a mean over an axis of a few values.
        parts = [samples[:, first : whole : self._step] for first in range(self._step)]
        lower = np.add.reduce(parts) / np.float32(self._step)
        self._rest = np.concatenate([self._rest, lower], axis=1)
        while self._rest.shape[1] >= self._window:
            self._measure(self._rest[:, : self._window])
            self._rest = self._rest[:, self._window :]

    def finish(self) -> None:
        """Measure the remaining samples."""
        missing = self._window - self._rest.shape[1]
        if missing < self._window:
            self._measure(np.pad(self._rest, ((0, 0), (0, missing))))
        self._rest = self._rest[:, :0]
        self.high_share = self._energy[1] / np.maximum(self._energy[0], 1e-12)

    @property
    def levels(self) -> Levels:
        """Return the levels in dBFS: one row per channel, one column per ``FRAME_S``."""
        if not self._levels:
            return np.full((self.channels, 1), SILENT_DBFS, np.float32)
        return np.concatenate(self._levels, axis=1).astype(np.float32)

    @property
    def correlation(self) -> NDArray[np.float32]:
        """Return the correlation of each pair, from 0 to 1: ``[first, second, window]``."""
        if not self._shared:
            return np.zeros((self.channels, self.channels, 1), np.float32)
        return np.stack(self._shared, axis=2).astype(np.float32)

    @property
    def lags_s(self) -> NDArray[np.float32]:
        """Return the delay of the first of each pair: ``[first, second, window]``."""
        if not self._lags:
            return np.zeros((self.channels, self.channels, 1), np.float32)
        return (np.stack(self._lags, axis=2) / self._rate_hz).astype(np.float32)

    def _measure(self, window: Samples) -> None:
        frames = window.reshape(self.channels, FRAMES, -1)
        powers = np.square(frames).mean(axis=2)
        levels = 10 * np.log10(np.maximum(powers, 10 ** (SILENT_DBFS / 10)))
        self._levels.append(levels.astype(np.float16))
        energy = powers.sum(axis=1)
        centred = window - window.mean(axis=1, keepdims=True)
        norms = np.maximum(np.sqrt(np.square(centred).sum(axis=1)), 1e-9)
        sounding = energy / FRAMES > 10 ** ((SILENT_DBFS + 10) / 10)
        self.sounding += sounding
        both = np.outer(sounding, sounding)
        correlation = (centred @ centred.T) / np.outer(norms, norms)
        self.same_sign += both & (correlation > MIN_COPY_CORRELATION)
        self.other_sign += both & (correlation < -MIN_COPY_CORRELATION)
        self._compare(centred, norms, sounding)

    def _compare(
        self, window: Samples, norms: NDArray[np.float32], sounding: NDArray[np.bool_]
    ) -> None:
        size = 1 << (2 * window.shape[1] - 1).bit_length()
        spectra = np.fft.rfft(window, size, axis=1)
        powers = np.square(np.abs(spectra))
        first = int(LOW_HZ / self._rate_hz * size)
        self._energy += np.stack([powers.sum(axis=1), powers[:, first:].sum(axis=1)])
        shared = np.zeros((self.channels, self.channels), np.float16)
        lags = np.zeros((self.channels, self.channels), np.int16)
        lag = round(LAG_S * self._rate_hz)
        if self.channels <= MAX_COMPARED:
            for one, other in pairs(np.flatnonzero(sounding)):
                found = np.fft.irfft(spectra[one] * np.conj(spectra[other]), size)
                near = np.abs(np.concatenate([found[-lag:], found[: lag + 1]]))
                peak = int(near.argmax())
                lags[one, other], lags[other, one] = peak - lag, lag - peak
                correlation = near[peak] / (norms[one] * norms[other])
                shared[one, other] = shared[other, one] = correlation
        self._shared.append(shared)
        self._lags.append(lags)


def pairs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return all pairs of different numbers, each once."""
    listed = [int(number) for number in numbers]
    return [(one, other) for k, one in enumerate(listed) for other in listed[k + 1 :]]
