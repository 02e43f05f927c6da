"""Cleans samples: constant offsets, values that no sound has, and clipping. Pure."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""From -1 to 1; a row is a channel, a column an instant."""

LARGEST = 8.0
"""Float samples may exceed full scale (1.0); what exceeds it by far is an error."""
LEAST_OFFSET = 5e-4
"""Of full scale. A smaller constant offset does no harm."""
LARGEST_DRIFT = 0.03
"""Of full scale, in a second. More is another offset, since no voice is so uneven."""
QUIET_EXPONENT, SILENT_EXPONENT = -7, -14
"""Powers of two: floats of which nearly all are below the first one and some are above the second
one are a sound far below full scale; what is below the second one (-84 dBFS) is silence."""
QUIET_TARGET = -2
CLIPPED_RUN = 3
"""Samples at full scale, one after another. A loud sound touches it with one or two."""
FULL_SCALE = 0.9995


class OffsetRemover:
    """Removes the constant offset of each channel, which may drift slowly."""

    def __init__(self) -> None:
        self._offset: NDArray[np.float64] | None = None
        self._weight = 0.0
        self._applied: NDArray[np.float32] | None = None

    def remove(self, samples: Samples, rate_hz: int) -> Samples:
        """Return samples without the offset of what was heard in the last seconds."""
        if not samples.size:
            return samples
        duration_s = samples.shape[1] / rate_hz
        mean = samples.mean(axis=1, dtype=np.float64)
        if self._offset is None or len(self._offset) != len(mean):
            self._offset, self._weight, self._applied = mean, 0.0, None
        # A running mean over all that was heard, at the most over the last ten seconds.
        self._weight = min(10.0, self._weight + duration_s)
        step = mean - self._offset
        self._offset += step * np.where(
            abs(step) > LARGEST_DRIFT, 1.0, min(1.0, duration_s / self._weight)
        )
        target = np.where(abs(self._offset) >= LEAST_OFFSET, self._offset, 0).astype(np.float32)
        before = target if self._applied is None else self._applied
        self._applied = target
        if not (target.any() or before.any()):
            return samples
        ramp = np.linspace(0, 1, samples.shape[1], dtype=np.float32)
        return samples - (before[:, None] + (target - before)[:, None] * ramp)


def clean_floats(samples: NDArray[Any], scale: float) -> NDArray[np.float32]:
    """Return float samples that are numbers within reason, multiplied by a scale."""
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.nan_to_num(samples * scale, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.float32)


@dataclass
class LevelCount:
    """How often float samples reach which power of two."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, samples: NDArray[Any]) -> None:
        """Count samples; zeros and what is no number are passed over."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.abs(samples.ravel())
            values = values[np.isfinite(values) & (values > 0)]
        exponents, counts = np.unique(np.frexp(values)[1], return_counts=True)
        for exponent, count in zip(exponents.tolist(), counts.tolist(), strict=True):
            self.counts[exponent] = self.counts.get(exponent, 0) + count

    def choose_scale(self) -> float:
        """Return the factor that brings sound far above or below full scale near it, else 1.

        A few samples far above the rest are errors, which say nothing about it.
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
    """How many samples of each second are clipped."""

    seconds: dict[int, float] = field(default_factory=dict)
    """The clipped share of each second that has clipped samples."""

    def add(
        self, samples: NDArray[Any], at_s: float, rate_hz: int, *, is_float: bool = False
    ) -> None:
        """Look at samples as the file has them, a row per channel, before any change.

        Args:
            samples: Integers, or floats with full scale at 1.
            at_s: When they begin.
            rate_hz: Their rate.
            is_float: The file stores floats, which are not what a decoder made of it.
        """
        info = np.iinfo(samples.dtype) if samples.dtype.kind in "iu" else None
        high = info.max * FULL_SCALE if info else FULL_SCALE
        low = info.min * FULL_SCALE if info and info.min else -high
        if info and not info.min:  # unsigned bytes, with zero in the middle
            high, low = info.max - 0.5, 0.5
        if not samples.size or (samples.max() < high and samples.min() > low):
            return
        if is_float and max(samples.max(), -samples.min()) > 1:
            return  # nothing was cut off: floats may exceed full scale
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
