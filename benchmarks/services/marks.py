"""Segments that a transcription marks as doubtful, and correct segments."""

import difflib
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from benchmarks.services.texts import split_words

LOW_CONFIDENCE = "low_confidence"
ROUNDING_S = 0.002


def is_marked(segment: Mapping[str, Any], transcription: Mapping[str, Any]) -> bool:
    """Return whether a segment is within the span of a ``low_confidence`` warning."""
    return any(
        warning["start"] - ROUNDING_S <= segment["start"]
        and segment["end"] <= warning["end"] + ROUNDING_S
        for warning in transcription.get("warnings", ())
        if warning["code"] == LOW_CONFIDENCE and "start" in warning
    )


def find_right(
    segments: Sequence[Mapping[str, Any]], said: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return the segments whose words were all spoken, in this order.

    Args:
        segments: The segments, in order.
        said: All words of the recording, as returned by ``split_words``.
    """
    texts = [split_words(segment["text"]) for segment in segments]
    matcher = difflib.SequenceMatcher(None, said, [*chain(*texts)], autojunk=False)
    said_at = {
        block.b + number: block.a + number
        for block in matcher.get_matching_blocks()
        for number in range(block.size)
    }
    right = []
    passed = 0
    for segment, words in zip(segments, texts, strict=True):
        positions = [said_at.get(passed + number) for number in range(len(words))]
        first = positions[0] if positions else None
        if first is not None and positions == [*range(first, first + len(words))]:
            right.append(segment)
        passed += len(words)
    return right
