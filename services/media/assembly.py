"""Write decoded samples onto a time line and resample them."""

from collections.abc import Iterator

import av
import numpy as np

from services.kit.work import WorkError
from services.media.cleaning import OffsetRemover, Samples
from services.media.folding import fold

MAX_JITTER_S = 0.1
"""A smaller difference is rounding of timestamps or clock drift of the recorder, not a gap."""
BLOCK_VALUES = 2**20
"""Maximum number of values in one block of silence; longer silence is several blocks."""
BLOCK_S = 1.0
QUIET_RATIO = 0.1
"""A moment at or below this share of the average level is quiet and may be dropped."""
MOMENT_S = 0.02


class Assembler:
    """Joins runs of samples to the blocks of one recording.

    A gap between two runs is filled with silence. Where two runs overlap, no sound is dropped:
    the time line catches up in the next pauses.

    Args:
        rate_hz: Sample rate of the blocks.
        channels: Number of channels of the blocks.
        max_duration_s: Maximum duration of the recording.
    """

    def __init__(self, rate_hz: int, channels: int, max_duration_s: float) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._max_duration_s = max_duration_s
        self._written = 0
        self._due_s = 0.0
        self._usual_power = 0.0
        self._offsets = OffsetRemover()
        self._resampler: av.AudioResampler | None = None
        self._form: tuple[int, int] | None = None
        self._held: list[Samples] = []
        self._held_length = 0

    @property
    def position_s(self) -> float:
        """Return the time of the next sample, in seconds."""
        return self._due_s

    def write(self, samples: Samples, rate_hz: int, at_s: float | None) -> Iterator[Samples]:
        """Add a run of samples.

        Args:
            samples: A row per channel.
            rate_hz: Sample rate of the run.
            at_s: Start time of the run; ``None`` if it follows the previous one directly.

        Raises:
            WorkError: ``file_too_large`` when the recording is too long.
        """
        duration_s = samples.shape[1] / rate_hz
        if at_s is not None:
            if at_s - self._due_s > MAX_JITTER_S:
                yield from self.pad(at_s)
            elif self._due_s - at_s > MAX_JITTER_S:
                samples = self._shorten(samples, rate_hz, self._due_s - at_s)
                duration_s = samples.shape[1] / rate_hz
        self._require_length(self._due_s + duration_s)
        self._due_s += duration_s
        yield from self._resample(samples, rate_hz)

    def pad(self, until_s: float) -> Iterator[Samples]:
        """Add silence up to a time."""
        self._require_length(until_s)
        if until_s <= self._due_s:
            return
        yield from self._flush()
        self._due_s = until_s
        missing = round(until_s * self._rate_hz) - self._written
        largest = BLOCK_VALUES // self._channels
        while missing > 0:
            length = min(missing, largest)
            self._written += length
            missing -= length
            yield np.zeros((self._channels, length), np.float32)

    def finish(self) -> Iterator[Samples]:
        """Yield the remaining samples."""
        yield from self._flush()

    def _require_length(self, until_s: float) -> None:
        if until_s > self._max_duration_s:
            hours = self._max_duration_s / 3600
            raise WorkError("file_too_large", f"The recording is longer than {hours:g} hours.")

    def _shorten(self, samples: Samples, rate_hz: int, surplus_s: float) -> Samples:
        """Return the samples without ``surplus_s`` of quiet moments, or as many as there are."""
        length = round(MOMENT_S * rate_hz)
        count = samples.shape[1] // length
        moments = samples[:, : count * length].reshape(len(samples), count, length)
        powers = np.square(moments).mean(axis=(0, 2))
        quiet = np.flatnonzero(powers <= self._usual_power * QUIET_RATIO**2)
        dropped = quiet[: int(surplus_s / MOMENT_S)]
        kept = np.delete(moments, dropped, axis=1).reshape(len(samples), -1)
        return np.concatenate([kept, samples[:, count * length :]], axis=1)

    def _resample(self, samples: Samples, rate_hz: int) -> Iterator[Samples]:
        power = float(np.square(samples).mean()) if samples.size else 0.0
        share = min(1.0, samples.shape[1] / rate_hz / 5)
        self._usual_power += (power - self._usual_power) * share
        form = (rate_hz, len(samples))
        if form != self._form:
            yield from self._flush()
            self._form = form
        if rate_hz == self._rate_hz:
            yield from self._hold(samples)
            return
        if self._resampler is None:
            self._resampler = av.AudioResampler(
                format="flt", layout=f"{len(samples)} channels", rate=self._rate_hz
            )
        yield from self._run(self._resampler, _pack(samples, rate_hz))

    def _run(self, resampler: av.AudioResampler, frame: av.AudioFrame | None) -> Iterator[Samples]:
        for resampled in resampler.resample(frame):
            packed = resampled.to_ndarray().astype(np.float32, copy=False)
            channels = resampled.layout.nb_channels
            yield from self._hold(packed.reshape(-1, channels).T)

    def _hold(self, samples: Samples) -> Iterator[Samples]:
        self._held.append(samples)
        self._held_length += samples.shape[1]
        if self._held_length >= BLOCK_S * self._rate_hz:
            yield self._release()

    def _release(self) -> Samples:
        samples = np.concatenate(self._held, axis=1)
        self._held, self._held_length = [], 0
        self._written += samples.shape[1]
        return fold(self._offsets.remove(samples, self._rate_hz), self._channels)

    def _flush(self) -> Iterator[Samples]:
        if self._resampler is not None:
            yield from self._run(self._resampler, None)
            self._resampler = None
        if self._held:
            yield self._release()


def _pack(samples: Samples, rate_hz: int) -> av.AudioFrame:
    """Return a frame of interleaved samples; PyAV limits the channels of planar frames."""
    channels = len(samples)
    packed = np.ascontiguousarray(samples.T, np.float32).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=f"{channels} channels")
    frame.sample_rate = rate_hz
    return frame
