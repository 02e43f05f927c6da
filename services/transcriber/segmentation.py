"""Groups words into segments, and removes the model's loops: pure."""

from collections.abc import Sequence
from itertools import pairwise

from services.transcriber.transcript import Segment, Word

SENTENCE_ENDS = tuple(".?!…。？！")
SHORT_PAUSE_S = 0.15  # shorter after abbreviations such as "Mr." or "St."
LONG_PAUSE_S = 1.0
MAX_CHARS = 84  # two lines of subtitles

LONGEST_PHRASE = 12
FEWEST_REPEATS = 4
# Spoken words last longer and have a higher confidence.
FASTEST_WORD_S = 0.08
LEAST_CONFIDENCE = 0.4


def make_segments(words: Sequence[Word]) -> list[Segment]:
    """Split words into segments at the ends of sentences, at pauses, or at the maximum length."""
    groups: list[list[Word]] = [[*words[:1]]] if words else []
    for word, following in pairwise(words):
        if _is_break(groups[-1], following.start - word.end):
            groups.append([])
        groups[-1].append(following)
    return [
        Segment("".join(word.word for word in group), group[0].start, group[-1].end, tuple(group))
        for group in groups
    ]


def _is_break(group: list[Word], pause_s: float) -> bool:
    text = "".join(word.word for word in group)
    if pause_s >= LONG_PAUSE_S or len(text) > MAX_CHARS:
        return True
    is_sentence = text.endswith(SENTENCE_ENDS)
    return is_sentence and (pause_s >= SHORT_PAUSE_S or len(text) > MAX_CHARS // 2)


def drop_loops(words: Sequence[Word]) -> list[Word]:
    """Remove phrases that the model repeated in a loop.

    A phrase that was really repeated has plausible word durations and a high confidence, and is
    kept. Of a loop the first occurrence is kept, because it may have been spoken.
    """
    kept: list[Word] = []
    position = 0
    while position < len(words):
        length, times = _find_loop(words, position)
        end = position + length * times
        if times >= FEWEST_REPEATS and _is_loop(words[position + length : end]):
            kept += words[position : position + length]
            position = end
        else:
            kept.append(words[position])
            position += 1
    return kept


def _find_loop(words: Sequence[Word], position: int) -> tuple[int, int]:
    """Return the length of the phrase at a position, and how many times it occurs in a row."""
    texts = [word.word.strip().lower() for word in words[position:]]
    for length in range(1, min(LONGEST_PHRASE, len(texts) // FEWEST_REPEATS) + 1):
        times = 1
        while texts[times * length : (times + 1) * length] == texts[:length]:
            times += 1
        if times >= FEWEST_REPEATS:
            return length, times
    return 1, 1


def _is_loop(repeats: Sequence[Word]) -> bool:
    seconds = sum(word.end - word.start for word in repeats) / len(repeats)
    confidence = sum(word.confidence for word in repeats) / len(repeats)
    return seconds < FASTEST_WORD_S or confidence < LEAST_CONFIDENCE
