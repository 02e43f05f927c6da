"""Comparison of expected and transcribed words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.media.case import Json, Said
from benchmarks.media.clips import CLIPS, split_words

TOLERANCE_S = 0.3
_EDGE_S = 0.6
"""A word this close to missing sound is optional."""
_LONGEST_QUOTE = 160

Pairs = list[tuple["Word", "Word"]]
"""Pairs of expected and transcribed words."""


@dataclass(frozen=True)
class Word:
    """A word on the media's time line."""

    word: str
    start_s: float
    speaker: str | None = None
    language: str | None = None
    is_optional: bool = False
    """Whether it can be missing."""
    utterance: int = -1
    """The index of its utterance."""


def read_words(segments: Iterable[Json]) -> Iterator[Word]:
    """Yield the words of a transcript; segments without word times count as one word each."""
    for segment in segments:
        own: dict[str, Any] = {name: segment.get(name) for name in ("speaker", "language")}
        timed = segment.get("words") or [{"word": segment["text"], "start": segment["start"]}]
        for each in timed:
            for word in split_words(each["word"]):
                yield Word(word, each["start"], **own)


def expected_words(said: Sequence[Said]) -> list[Word]:
    """Return the words of the utterances in order of time; those near a cut are optional."""
    words = []
    for number, each in enumerate(said):
        is_cut = each.from_s > 0 or each.until_s < CLIPS[each.clip].length_s
        for spoken in CLIPS[each.clip].words:
            edge_s = min(abs(spoken.start_s - each.from_s), abs(spoken.start_s - each.until_s))
            is_optional = is_cut and edge_s < _EDGE_S
            if is_optional or each.from_s <= spoken.start_s < each.until_s:
                at_s = each.at_s + spoken.start_s
                language = CLIPS[each.clip].language
                words.append(Word(spoken.word, at_s, each.speaker, language, is_optional, number))
    return words


def align(expected: Sequence[Word], transcribed: Sequence[Word]) -> tuple[int, Pairs]:
    """Return the minimum number of changed, missing and added words, and the equal pairs."""
    rows, columns = len(expected) + 1, len(transcribed) + 1
    costs = [[0] * columns for _ in range(rows)]
    costs[0] = list(range(columns))
    for row in range(1, rows):
        wanted = expected[row - 1]
        missing = not wanted.is_optional
        costs[row][0] = costs[row - 1][0] + missing
        for column in range(1, columns):
            change = wanted.word != transcribed[column - 1].word
            costs[row][column] = min(
                costs[row - 1][column - 1] + change,
                costs[row - 1][column] + missing,
                costs[row][column - 1] + 1,
            )
    return costs[-1][-1], _trace(costs, expected, transcribed)


def _trace(costs: list[list[int]], expected: Sequence[Word], transcribed: Sequence[Word]) -> Pairs:
    pairs = []
    row, column = len(expected), len(transcribed)
    while row and column:
        wanted, found = expected[row - 1], transcribed[column - 1]
        change = wanted.word != found.word
        if costs[row][column] == costs[row - 1][column - 1] + change:
            if not change:
                pairs.append((wanted, found))
            row, column = row - 1, column - 1
        elif costs[row][column] == costs[row][column - 1] + 1:
            column -= 1
        else:
            row -= 1
    return pairs[::-1]


def find_wrong_words(
    said: Sequence[Said], transcribed: Sequence[Word], most: float
) -> Iterator[str]:
    """Yield errors in the words or their times.

    Args:
        said: The expected words.
        transcribed: The transcribed words.
        most: Accepted errors per expected word.
    """
    expected = expected_words(said)
    errors, pairs = align(expected, transcribed)
    count = sum(not word.is_optional for word in expected)
    if errors > most * count:
        yield f"{errors} errors in {count} words: {quote(transcribed)}"
    else:
        yield from _find_shifts(pairs)
        yield from _find_wrong_languages(pairs)


def quote(transcribed: Sequence[Word]) -> str:
    """Return words in quotation marks, shortened."""
    text = " ".join(word.word for word in transcribed)
    if len(text) > _LONGEST_QUOTE:
        text = f"{text[:100]} … {text[-50:]}"
    return repr(text)


def _find_shifts(pairs: Pairs) -> Iterator[str]:
    for number in dict.fromkeys(wanted.utterance for wanted, _ in pairs):
        own = [(wanted, transcribed) for wanted, transcribed in pairs if wanted.utterance == number]
        word, first = own[0]
        shift_s = median(transcribed.start_s - wanted.start_s for wanted, transcribed in own)
        if not word.is_optional and abs(first.start_s - word.start_s) > TOLERANCE_S:
            yield f"{word.word!r} at {first.start_s:.2f} s instead of {word.start_s:.2f}"
        elif abs(shift_s) > TOLERANCE_S:
            yield f"words from {word.start_s:.1f} s on are {shift_s:+.2f} s off"


def _find_wrong_languages(pairs: Pairs) -> Iterator[str]:
    """Yield segments with a wrong language, if several are spoken."""
    if len({wanted.language for wanted, _ in pairs}) > 1:
        wrong = [
            transcribed for wanted, transcribed in pairs if wanted.language != transcribed.language
        ]
        if wrong:
            named = sorted({str(word.language) for word in wrong})
            yield f"{len(wrong)} of {len(pairs)} words in segments of the language {named}"
