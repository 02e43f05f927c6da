"""Listens to all channels of a recording: how loud they are, and how alike. Pure."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from services.media.cleaning import Samples

RATE_HZ = 8000
"""Of what is looked at; voices are below half of it."""
WINDOW_S = 0.5
FRAME_S = 0.05
FRAMES = round(WINDOW_S / FRAME_S)
LAG_S = 0.3
"""Microphones in one room and echoes on a line are no further apart."""
MOST_COMPARED = 8
"""Channels that are compared with delays, which costs most."""
SILENT_DBFS = -90.0
ALIKE = 0.8
"""Of the largest correlation possible, without a delay: copies of one signal."""
LOW_HZ = 250

Levels = NDArray[np.float32]


class Survey:
    """The levels of all channels in time, and the likeness of each pair of them.

    Args:
        channels: How many there are.
        rate_hz: The rate of the samples that are added.
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
        """Windows in which a pair carries the same."""
        self.other_sign = np.zeros((channels, channels), np.int64)
        """Windows in which the one carries the opposite of the other."""
        self.sounding = np.zeros(channels, np.int64)
        """Windows in which each channel carries anything."""
        self.high_share = np.zeros(channels)
        """The share of each channel's energy above ``LOW_HZ``."""
        self._energy = np.zeros((2, channels))

    def add(self, samples: Samples) -> None:
        """Take the next samples into account."""
        whole = samples.shape[1] // self._step * self._step
        # Far faster than a mean over an axis of a few values.
        parts = [samples[:, first : whole : self._step] for first in range(self._step)]
        lower = np.add.reduce(parts) / np.float32(self._step)
        self._rest = np.concatenate([self._rest, lower], axis=1)
        while self._rest.shape[1] >= self._window:
            self._look(self._rest[:, : self._window])
            self._rest = self._rest[:, self._window :]

    def finish(self) -> None:
        """Take what is left of the recording into account."""
        missing = self._window - self._rest.shape[1]
        if missing < self._window:
            self._look(np.pad(self._rest, ((0, 0), (0, missing))))
        self._rest = self._rest[:, :0]
        self.high_share = self._energy[1] / np.maximum(self._energy[0], 1e-12)

    @property
    def levels(self) -> Levels:
        """Return the levels in dBFS: a row per channel, a column for each ``FRAME_S``."""
        if not self._levels:
            return np.full((self.channels, 1), SILENT_DBFS, np.float32)
        return np.concatenate(self._levels, axis=1).astype(np.float32)

    @property
    def likeness(self) -> NDArray[np.float32]:
        """Return how alike pairs are, from 0 to 1: ``[first, second, window]``."""
        if not self._shared:
            return np.zeros((self.channels, self.channels, 1), np.float32)
        return np.stack(self._shared, axis=2).astype(np.float32)

    @property
    def lags_s(self) -> NDArray[np.float32]:
        """Return how much later the first of a pair is: ``[first, second, window]``."""
        if not self._lags:
            return np.zeros((self.channels, self.channels, 1), np.float32)
        return (np.stack(self._lags, axis=2) / self._rate_hz).astype(np.float32)

    def _look(self, window: Samples) -> None:
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
        alike = (centred @ centred.T) / np.outer(norms, norms)
        self.same_sign += both & (alike > ALIKE)
        self.other_sign += both & (alike < -ALIKE)
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
        if self.channels <= MOST_COMPARED:
            for one, other in pairs(np.flatnonzero(sounding)):
                found = np.fft.irfft(spectra[one] * np.conj(spectra[other]), size)
                near = np.abs(np.concatenate([found[-lag:], found[: lag + 1]]))
                place = int(near.argmax())
                lags[one, other], lags[other, one] = place - lag, lag - place
                alike = near[place] / (norms[one] * norms[other])
                shared[one, other] = shared[other, one] = alike
        self._shared.append(shared)
        self._lags.append(lags)


def pairs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return all pairs of different numbers, each once."""
    listed = [int(number) for number in numbers]
    return [(one, other) for k, one in enumerate(listed) for other in listed[k + 1 :]]
