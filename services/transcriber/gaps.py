"""Detects speech without words: pure."""

from collections.abc import Sequence
from itertools import pairwise

from services.transcriber.detection import Speech
from services.transcriber.speech import SAMPLE_RATE_HZ, Span
from services.transcriber.transcript import Word

LEAST_LOST_S = 0.8
"""Seconds of voice without words that count as a gap; breaths and hesitations are shorter."""
MARGIN_S = 0.2
"""Tolerance of word times."""
LONGEST_WORD_S = 2.0
"""A longer word covers speech that has no words, so it does not count."""


def find_gaps(
    words: Sequence[Word], speech: Speech, regions: Sequence[Span], *, least_s: float = LEAST_LOST_S
) -> list[Span]:
    """Return the spans that contain voice but no word.

    Args:
        words: In order; times in seconds since the first sample.
        speech: The detected speech.
        regions: The spans to search.
        least_s: Seconds of voice from which on a span is a gap.
    """
    covered = [
        (round(word.start * SAMPLE_RATE_HZ), round(word.end * SAMPLE_RATE_HZ))
        for word in words
        if word.end - word.start <= LONGEST_WORD_S
    ]
    margin = round(MARGIN_S * SAMPLE_RATE_HZ)
    gaps = []
    for region in regions:
        inside = [(a, b) for a, b in covered if b > region.start and a < region.end]
        edges = [(region.start, region.start), *inside, (region.end, region.end)]
        for (_, start), (end, _) in pairwise(edges):
            first = start + margin * (start > region.start)
            last = end - margin * (end < region.end)
            if last > first and speech.measure_s(first, last) >= least_s:
                gaps.append(Span(start, end))
    return gaps


def merge_words(before: Sequence[str], new: Sequence[str], after: Sequence[str]) -> tuple[int, int]:
    """Return how many new words duplicate the words before, and the words after a gap.

    A word with a wrong time is beside its own sound, so the gap's transcript contains it again.
    """
    texts = [_keep_letters(text) for text in new]
    left = [_keep_letters(text) for text in before][-len(texts) :]
    right = [_keep_letters(text) for text in after][: len(texts)]
    first = max((n for n in range(len(left) + 1) if left[len(left) - n :] == texts[:n]), default=0)
    last = max(
        (n for n in range(len(right) + 1) if texts[len(texts) - n :] == right[:n]), default=0
    )
    return first, min(last, len(texts) - first)


def _keep_letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
