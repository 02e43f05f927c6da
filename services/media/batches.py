"""Join consecutive decoded frames to runs of about a second, which are faster to process."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from av import AudioFrame
from numpy.typing import NDArray

from services.media.decoding import Frame

MAX_BATCH_S = 1.0
MAX_JITTER_S = 0.1

Raw = NDArray[Any]
"""Samples as a file stores them, a row per channel."""
MAX_PLANES = 7
"""PyAV reads outside of the frame's memory if a planar frame has more channels."""
TYPES = {"u8": "u1", "s16": "i2", "s32": "i4", "s64": "i8", "flt": "f4", "dbl": "f8"}


@dataclass(frozen=True)
class Run:
    """Samples without a gap, or lost sound."""

    samples: Raw | None
    """None if the packet could not be decoded."""
    rate_hz: int
    at_s: float | None
    """Start time; None if it follows the previous run directly."""
    lost_s: float = 0.0


@dataclass
class _Batch:
    rate_hz: int
    at_s: float | None
    arrays: list[Raw] = field(default_factory=list)
    length: int = 0

    def add(self, samples: Raw) -> None:
        self.arrays.append(samples)
        self.length += samples.shape[1]

    def can_add(self, samples: Raw, rate_hz: int, at_s: float | None) -> bool:
        """Return whether a frame continues the batch."""
        first = self.arrays[0]
        if (rate_hz, len(samples), samples.dtype) != (self.rate_hz, len(first), first.dtype):
            return False
        if self.length >= MAX_BATCH_S * rate_hz:
            return False
        if self.at_s is None or at_s is None:
            return at_s is None
        return abs(self.at_s + self.length / rate_hz - at_s) <= MAX_JITTER_S

    def to_run(self) -> Run:
        """Return the joined samples."""
        return Run(np.concatenate(self.arrays, axis=1), self.rate_hz, self.at_s)


def join(frames: Iterable[Frame]) -> Iterator[Run]:
    """Yield the samples in runs of about a second; lost sound is a separate run."""
    batch: _Batch | None = None
    for frame in frames:
        if frame.frame is None:
            if batch:
                yield batch.to_run()
                batch = None
            yield Run(None, 0, frame.at_s, frame.duration_s)
            continue
        samples, rate_hz = read_samples(frame.frame), frame.frame.sample_rate
        if not samples.size or not rate_hz:
            continue
        if batch and not batch.can_add(samples, rate_hz, frame.at_s):
            yield batch.to_run()
            batch = None
        batch = batch or _Batch(rate_hz, frame.at_s)
        batch.add(samples)
    if batch:
        yield batch.to_run()


def read_samples(frame: AudioFrame) -> Raw:
    """Return a frame's samples as they are stored, a row per channel."""
    channels, length = frame.layout.nb_channels, frame.samples
    form = frame.format
    kind = TYPES.get(form.name.removesuffix("p"))
    if kind and (channels == 1 or not form.is_planar):
        # Several times faster than PyAV's `to_ndarray`.
        flat = np.frombuffer(memoryview(frame.planes[0]), kind, count=channels * length)
        interleaved: Raw = flat.reshape(length, channels)
        return interleaved.T
    if channels > MAX_PLANES:
        return _read_packed(frame)
    array: Raw = frame.to_ndarray()
    return array if form.is_planar else array.reshape(-1, channels).T


def _read_packed(frame: AudioFrame) -> Raw:
    packed = av.AudioResampler(
        format=frame.format.packed, layout=frame.layout, rate=frame.sample_rate
    )
    frame.pts = None
    arrays = [part.to_ndarray() for part in [*packed.resample(frame), *packed.resample(None)]]
    joined: Raw = np.concatenate(arrays, axis=1).reshape(-1, frame.layout.nb_channels)
    return joined.T
