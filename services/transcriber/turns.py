"""Splits segments at changes of speaker: pure except for the encoder that is passed in."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

from services.transcriber.diarization import Embedding
from services.transcriber.transcript import Segment, Word

SHORTEST_S = 1.2
"""Shortest part, in seconds, whose embedding is reliable."""
LONGEST_S = 3.0
"""Longest part on each side of a pause; more could span another change."""
MOST_PAUSES = 3
"""Number of pauses of a segment, longest first, at which voices are compared."""
DIFFERENT = 0.45
DIFFERENT_LONG = 0.54
"""Cosine similarity below which the speaker changes. In parts of three seconds, one voice has more
than 0.56 and two voices less than 0.52; in parts of one second, one voice can have only 0.46."""
LONG_S = 2.5
"""Length of the shorter side from which on ``DIFFERENT_LONG`` applies."""

Encode = Callable[[float, float], Embedding]
"""Returns the speaker embedding of the audio between two times, in seconds."""


def split_turns(segment: Segment, encode: Encode) -> list[Segment]:
    """Split a segment into parts of one speaker each; return at least the segment itself.

    Args:
        segment: A segment with words.
        encode: The speaker encoder.
    """
    words = segment.words
    pauses = sorted(
        (
            (after.start - before.end, number)
            for number, (before, after) in enumerate(pairwise(words), start=1)
            if before.end - segment.start >= SHORTEST_S and segment.end - after.start >= SHORTEST_S
        ),
        reverse=True,
    )[:MOST_PAUSES]
    excess = [(_compare(segment, number, encode), number) for _, number in pauses]
    least, index = min(excess, default=(0.0, 0))
    if least >= 0:
        return [segment]
    parts = (words[:index], words[index:])
    return [one for part in parts for one in split_turns(_cut(segment, part), encode)]


def _compare(segment: Segment, number: int, encode: Encode) -> float:
    """Return the similarity of both sides of a pause minus the threshold of two voices."""
    before, after = segment.words[number - 1], segment.words[number]
    first = encode(max(segment.start, before.end - LONGEST_S), before.end)
    second = encode(after.start, min(segment.end, after.start + LONGEST_S))
    shorter_s = min(before.end - segment.start, segment.end - after.start)
    return float(first @ second) - (DIFFERENT_LONG if shorter_s >= LONG_S else DIFFERENT)


def _cut(segment: Segment, words: tuple[Word, ...]) -> Segment:
    confidence = sum(word.confidence for word in words) / len(words)
    return replace(
        segment,
        text="".join(word.word for word in words),
        start=words[0].start,
        end=words[-1].end,
        words=words,
        confidence=round(confidence, 4),
    )
