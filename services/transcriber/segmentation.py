"""From heard words to lines that a reader can follow: pure."""

from collections.abc import Sequence
from itertools import pairwise

from services.transcriber.transcript import Segment, Word

SENTENCE_ENDS = tuple(".?!…。？！")
SHORT_PAUSE_S = 0.15  # less than that after "Mr." or "St."
LONG_PAUSE_S = 1.0
MAX_CHARS = 84  # two lines of subtitles

LONGEST_PHRASE = 12
FEWEST_REPEATS = 4
# Nobody says words so fast, and a word that is said is recognized more surely.
FASTEST_WORD_S = 0.08
LEAST_CONFIDENCE = 0.4


def make_segments(words: Sequence[Word]) -> list[Segment]:
    """Break words into segments at the ends of sentences, at pauses, or where one gets long."""
    groups: list[list[Word]] = [[*words[:1]]] if words else []
    for word, following in pairwise(words):
        if _is_break(groups[-1], following.start - word.end):
            groups.append([])
        groups[-1].append(following)
    return [
        Segment("".join(word.word for word in group), group[0].start, group[-1].end, tuple(group))
        for group in groups
    ]


def _is_break(line: list[Word], pause_s: float) -> bool:
    text = "".join(word.word for word in line)
    if pause_s >= LONG_PAUSE_S or len(text) > MAX_CHARS:
        return True
    is_sentence = text.endswith(SENTENCE_ENDS)
    return is_sentence and (pause_s >= SHORT_PAUSE_S or len(text) > MAX_CHARS // 2)


def drop_loops(words: Sequence[Word]) -> list[Word]:
    """Leave out the phrases that the model repeated without hearing them.

    A phrase that was really said several times takes its time and is recognized surely, and
    stays. Of an invented one its first occurrence stays, which may have been said.
    """
    kept: list[Word] = []
    position = 0
    while position < len(words):
        length, times = _find_loop(words, position)
        end = position + length * times
        if times >= FEWEST_REPEATS and _is_invented(words[position + length : end]):
            kept += words[position : position + length]
            position = end
        else:
            kept.append(words[position])
            position += 1
    return kept


def _find_loop(words: Sequence[Word], position: int) -> tuple[int, int]:
    """Return the length of a phrase that begins here and how often it follows itself."""
    texts = [word.word.strip().lower() for word in words[position:]]
    for length in range(1, min(LONGEST_PHRASE, len(texts) // FEWEST_REPEATS) + 1):
        times = 1
        while texts[times * length : (times + 1) * length] == texts[:length]:
            times += 1
        if times >= FEWEST_REPEATS:
            return length, times
    return 1, 1


def _is_invented(repeats: Sequence[Word]) -> bool:
    seconds = sum(word.end - word.start for word in repeats) / len(repeats)
    confidence = sum(word.confidence for word in repeats) / len(repeats)
    return seconds < FASTEST_WORD_S or confidence < LEAST_CONFIDENCE
