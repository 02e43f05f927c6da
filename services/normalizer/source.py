"""The sound of a recording as the passes over it read it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.media import Recording, Samples, Voices
from services.media.survey import Survey


@dataclass(frozen=True)
class Source:
    """A recording and the channels that are used of it."""

    recording: Recording
    voices: Voices
    max_duration_s: float

    @property
    def channels(self) -> int:
        """Return the number of channels that are read."""
        return len(self.voices.weights)

    def read(self, rate_hz: int, survey: Survey | None = None) -> Iterator[Samples]:
        """Yield what is heard, in blocks.

        Args:
            rate_hz: The rate of the samples.
            survey: Gets all channels as they are.
        """
        blocks = self.recording.read(rate_hz, max_duration_s=self.max_duration_s)
        yield from self.voices.run(_pass_by(blocks, survey) if survey else blocks, rate_hz)

    def feed(self, rate_hz: int, survey: Survey | None = None) -> Iterator[memoryview]:
        """Yield the same as the bytes that FFmpeg reads."""
        for samples in self.read(rate_hz, survey):
            yield np.ascontiguousarray(samples.T, "<f4").data.cast("B")


def _pass_by(blocks: Iterator[Samples], survey: Survey) -> Iterator[Samples]:
    for samples in blocks:
        survey.add(samples)
        yield samples
    survey.finish()
