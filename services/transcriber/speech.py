"""Spans of speech, and how they are packed into chunks for the model: pure.

Whisper transcribes windows of 30 seconds. Speech is packed without its silences into slightly
shorter chunks that end at pauses.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

SAMPLE_RATE_HZ = 16_000
CHUNK_SAMPLES = 30 * SAMPLE_RATE_HZ
SHORT_CUT = SAMPLE_RATE_HZ // 2
"""Removed silence up to which a word may extend over it."""
PACKED_SAMPLES = 25 * SAMPLE_RATE_HZ
"""Maximum length of a packed chunk. In a window without silence the model repeats or skips words:
chunks of 30 seconds had 43 errors in a reading of 438 Spanish words, those of 25 seconds 29.
"""


@dataclass(frozen=True)
class Span:
    """A span of audio, in samples since the start of its section."""

    start: int
    end: int

    @property
    def length(self) -> int:
        """Return the number of samples."""
        return self.end - self.start

    def clamp(self, offset: int) -> int:
        """Return the sample at an offset from the start, limited to the span."""
        return min(max(self.start + offset, self.start), self.end)


@dataclass(frozen=True)
class Chunk:
    """Spans of speech that the model transcribes as one window, without the silences between."""

    spans: tuple[Span, ...]

    @property
    def start(self) -> int:
        """Return the start of the first span."""
        return self.spans[0].start

    def find_offset_s(self, sample: int) -> float:
        """Return the position within the chunk, in seconds, of a sample of the section."""
        length = 0
        for span in self.spans:
            if sample < span.end:
                length += max(0, sample - span.start)
                break
            length += span.length
        return length / SAMPLE_RATE_HZ

    def locate(self, start_s: float, end_s: float) -> tuple[float, float]:
        """Convert times within the chunk to seconds since the start of the section.

        Args:
            start_s: Start of a word, in seconds within the chunk.
            end_s: Its end. A word that extends over a removed silence belongs to the span that
                contains its middle, unless the silence is short.
        """
        bounds = [*accumulate((span.length for span in self.spans), initial=0)]
        start, end = (round(time_s * SAMPLE_RATE_HZ) for time_s in (start_s, end_s))
        first, last, middle = (
            min(max(0, bisect_right(bounds, sample) - 1), len(self.spans) - 1)
            for sample in (start, end, (start + end) // 2)
        )
        reached = self.spans[first : last + 1]
        if any(after.start - span.end > SHORT_CUT for span, after in pairwise(reached)):
            first = last = middle
        return (
            self.spans[first].clamp(start - bounds[first]) / SAMPLE_RATE_HZ,
            self.spans[last].clamp(end - bounds[last]) / SAMPLE_RATE_HZ,
        )


def pack(spans: Sequence[Span]) -> list[Chunk]:
    """Pack spans into chunks of at most ``PACKED_SAMPLES``, but of at least one span.

    Args:
        spans: Spans in order, each at most ``CHUNK_SAMPLES`` long.
    """
    groups: list[list[Span]] = []
    length = 0
    for span in spans:
        length += span.length
        if not groups or length > PACKED_SAMPLES:
            groups.append([])
            length = span.length
        groups[-1].append(span)
    return [Chunk(tuple(group)) for group in groups]


def hold_back(chunks: list[Chunk], end: int) -> tuple[list[Chunk], int]:
    """Hold back speech that may continue in the next block.

    Args:
        chunks: The chunks of the audio read so far.
        end: Number of samples read so far.

    Returns:
        The complete chunks, and the sample from which on audio must be kept: the last chunk may
        not be full yet, and a single chunk may end within a word.
    """
    if not chunks:
        return [], max(0, end - SAMPLE_RATE_HZ)
    *complete, last = chunks
    if complete:
        return complete, last.start
    *spans, unfinished = last.spans
    return [Chunk(tuple(spans))] if spans else [], unfinished.start
