"""Remove DC offsets and invalid values from samples, and detect clipping. No I/O."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Values from -1 to 1; one row per channel."""

MAX_VALUE = 8.0
"""Float samples may exceed full scale (1.0); larger values than this are errors."""
MIN_OFFSET = 5e-4
"""Share of full scale. A smaller DC offset is inaudible."""
MAX_DRIFT = 0.03
"""Share of full scale per second. A larger change is a new offset; voices are more symmetric."""
QUIET_EXPONENT, SILENT_EXPONENT = -7, -14
"""Powers of two. If nearly all floats are below the first and some are above the second, the sound
is far below full scale and is amplified. Below the second (-84 dBFS) it is silence."""
QUIET_TARGET = -2
CLIPPED_RUN = 3
"""Consecutive samples at full scale that count as clipping. Loud sound reaches one or two."""
FULL_SCALE = 0.9995


class OffsetRemover:
    """Removes the DC offset of each channel, which may drift slowly."""

    def __init__(self) -> None:
        self._offset: NDArray[np.float64] | None = None
        self._weight = 0.0
        self._applied: NDArray[np.float32] | None = None

    def remove(self, samples: Samples, rate_hz: int) -> Samples:
        """Return the samples without the mean of the last seconds."""
        if not samples.size:
            return samples
        duration_s = samples.shape[1] / rate_hz
        mean = samples.mean(axis=1, dtype=np.float64)
        if self._offset is None or len(self._offset) != len(mean):
            self._offset, self._weight, self._applied = mean, 0.0, None
        # A running mean over all samples so far, over the last ten seconds at most.
        self._weight = min(10.0, self._weight + duration_s)
        step = mean - self._offset
        self._offset += step * np.where(
            abs(step) > MAX_DRIFT, 1.0, min(1.0, duration_s / self._weight)
        )
        target = np.where(abs(self._offset) >= MIN_OFFSET, self._offset, 0).astype(np.float32)
        before = target if self._applied is None else self._applied
        self._applied = target
        if not (target.any() or before.any()):
            return samples
        ramp = np.linspace(0, 1, samples.shape[1], dtype=np.float32)
        return samples - (before[:, None] + (target - before)[:, None] * ramp)


def clean_floats(samples: NDArray[Any], scale: float) -> NDArray[np.float32]:
    """Return float samples multiplied by a scale, finite and within ``MAX_VALUE``."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.nan_to_num(samples * scale, nan=0.0, posinf=MAX_VALUE, neginf=-MAX_VALUE)
    return np.clip(scaled, -MAX_VALUE, MAX_VALUE).astype(np.float32)


@dataclass
class LevelCount:
    """A histogram of float samples by power of two."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, samples: NDArray[Any]) -> None:
        """Count samples; ignore zeros and values that are not finite."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.abs(samples.ravel())
            values = values[np.isfinite(values) & (values > 0)]
        exponents, counts = np.unique(np.frexp(values)[1], return_counts=True)
        for exponent, count in zip(exponents.tolist(), counts.tolist(), strict=True):
            self.counts[exponent] = self.counts.get(exponent, 0) + count

    def choose_scale(self) -> float:
        """Return the factor that moves sound far above or below full scale close to it, else 1.

        The loudest 0.1 % of the samples are ignored, since they may be errors.
        """
        left = 0.001 * sum(self.counts.values())
        for exponent in sorted(self.counts, reverse=True):
            left -= self.counts[exponent]
            if left < 0 and exponent > 1:
                return 2.0**-exponent
            if left < 0 and SILENT_EXPONENT <= exponent < QUIET_EXPONENT:
                return 2.0 ** (QUIET_TARGET - exponent)
            if left < 0:
                break
        return 1.0


@dataclass
class ClippingCount:
    """Counts the clipped samples of each second."""

    seconds: dict[int, float] = field(default_factory=dict)
    """Share of clipped samples, for each second that has any."""

    def add(
        self, samples: NDArray[Any], at_s: float, rate_hz: int, *, is_float: bool = False
    ) -> None:
        """Count clipped samples, as the file stores them, one row per channel.

        Args:
            samples: Integers, or floats with full scale at 1.
            at_s: Time of the first sample.
            rate_hz: Sample rate.
            is_float: The file stores floats; otherwise floats were made by the decoder.
        """
        info = np.iinfo(samples.dtype) if samples.dtype.kind in "iu" else None
        high = info.max * FULL_SCALE if info else FULL_SCALE
        low = info.min * FULL_SCALE if info and info.min else -high
        if info and not info.min:  # unsigned bytes, with zero in the middle
            high, low = info.max - 0.5, 0.5
        if not samples.size or (samples.max() < high and samples.min() > low):
            return
        if is_float and max(samples.max(), -samples.min()) > 1:
            return  # not clipped: floats may exceed full scale
        clipped = np.abs(np.concatenate([samples >= high, samples <= low]).astype(np.int8))
        ends = np.zeros((len(clipped), 1), np.int8)
        steps = np.diff(np.concatenate([ends, clipped, ends], axis=1), axis=1)
        lengths = np.flatnonzero(steps == -1) - np.flatnonzero(steps == 1)
        count = int(lengths[lengths >= CLIPPED_RUN].sum())
        if count:
            channels = len(samples)
            second = int(at_s)
            share = count / channels / rate_hz
            self.seconds[second] = self.seconds.get(second, 0.0) + share
