"""The audio of a recording, as each pass reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.media import Recording, Samples, Voices
from services.media.survey import Survey


@dataclass(frozen=True)
class Source:
    """A recording and the selection of its channels."""

    recording: Recording
    voices: Voices
    max_duration_s: float

    @property
    def channels(self) -> int:
        """Return the number of channels that are read."""
        return len(self.voices.weights)

    def read(self, rate_hz: int, survey: Survey | None = None) -> Iterator[Samples]:
        """Yield the selected channels, in blocks.

        Args:
            rate_hz: The rate of the samples.
            survey: Receives all channels unchanged.
        """
        blocks = self.recording.read(rate_hz, max_duration_s=self.max_duration_s)
        yield from self.voices.run(_survey_blocks(blocks, survey) if survey else blocks, rate_hz)

    def feed(self, rate_hz: int, survey: Survey | None = None) -> Iterator[memoryview]:
        """Yield the same as raw bytes for FFmpeg."""
        for samples in self.read(rate_hz, survey):
            yield np.ascontiguousarray(samples.T, "<f4").data.cast("B")


def _survey_blocks(blocks: Iterator[Samples], survey: Survey) -> Iterator[Samples]:
    for samples in blocks:
        survey.add(samples)
        yield samples
    survey.finish()
