"""Every word of a transcript with its time, from the words' own times where there are some."""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

__all__ = ["Token", "time_tokens", "width"]

# Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, the CJK blocks with their
# punctuation, kana and Yi, and full-width forms. Korean is not one of them.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)
_LOOSE_MARK: Final = re.compile(r" (?=[!?:;»%]+(?: |$))")  # French puts a space before them
_SMALL_KANA: Final = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
_OPENING: Final = frozenset({"Ps", "Pi"})
_CLINGING: Final = frozenset({"Pe", "Pf", "Po", "Lm", "Mn", "Mc", "Me"})
_LONGEST_WORD: Final = 8  # a timed "word" of an unspaced script beyond that is a phrase
_REACH: Final = 40  # characters that a word's place in the text is searched for
_LONGEST_S: Final = 359_999.0  # SubRip's hours have two digits


@dataclass(frozen=True, slots=True)
class Token:
    """What no cue and no line is broken within: a word, or a character of an unspaced script."""

    text: str
    start_ms: int
    end_ms: int
    is_spaced: bool
    """Whether a space stands before it."""
    opens_segment: bool = False
    """Whether it is the first of its segment."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A run of characters and the time that they take."""

    first: int
    last: int  # one past
    start_ms: float
    end_ms: float


def width(text: str) -> int:
    """Return how many columns a text takes; wide characters (UAX #11) take two."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def time_tokens(segments: Iterable[Mapping[str, Any]]) -> list[Token]:
    """Return the tokens of a transcript with times that never go back.

    Args:
        segments: Each with ``text``, ``start`` and ``end`` in seconds, and ``words`` if known,
            each with ``word``, ``start`` and ``end``.

    Returns:
        All of the text. No token starts later than its word does; where two words are in the
        wrong order of time, the earlier of both is taken.
    """
    in_order = sorted(segments, key=lambda segment: _milliseconds(segment.get("start"), 0.0))
    tokens = [token for segment in in_order for token in _time_segment(segment)]
    earliest = math.inf
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].start_ms > earliest:
            tokens[index] = replace(tokens[index], start_ms=int(earliest))
        earliest = tokens[index].start_ms
    return tokens


def _time_segment(segment: Mapping[str, Any]) -> Iterator[Token]:
    words: Sequence[Mapping[str, Any]] = segment.get("words") or ()
    text = _clean(segment.get("text")) or _clean(" ".join(str(word.get("word")) for word in words))
    letters = _without_spaces(text)
    start = _milliseconds(segment.get("start"), 0.0)
    end = max(start, _milliseconds(segment.get("end"), start))
    anchors = list(_find_words(letters, words))
    starts, ends = _spread(len(letters), anchors, start, end)
    at = 0
    for piece, is_spaced in _split(text, anchors):
        count = len(_without_spaces(piece))
        start_ms = math.floor(round(starts[at], 3))
        end_ms = max(start_ms, round(ends[at + count - 1]))
        yield Token(piece, start_ms, end_ms, is_spaced, opens_segment=at == 0)
        at += count


def _clean(text: Any) -> str:
    """Return a text in one line, without the characters that no caption file may hold."""
    text = str(text or "")
    if not text.isprintable():
        text = "".join(char for char in text if char.isspace() or _is_writable(char))
    return _LOOSE_MARK.sub("\u00a0", " ".join(text.split()))


def _is_writable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"}  # control characters, half a pair


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _milliseconds(value: Any, otherwise: float) -> float:
    """Read a service's seconds; what is no time at all is replaced."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return otherwise
    return min(max(float(value), 0.0), _LONGEST_S) * 1000


def _find_words(letters: str, words: Iterable[Mapping[str, Any]]) -> Iterator[_Span]:
    """Yield where words stand in a text; one that is not there as it was timed is left out."""
    at = 0
    for word in words:
        spelled = _without_spaces(_clean(word.get("word")))
        found = letters.find(spelled, at, at + len(spelled) + _REACH) if spelled else -1
        start = _milliseconds(word.get("start"), -1.0)
        if found < 0 or start < 0:
            continue
        at = found + len(spelled)
        yield _Span(found, at, start, max(start, _milliseconds(word.get("end"), start)))


def _spread(
    count: int, anchors: Sequence[_Span], start_ms: float, end_ms: float
) -> tuple[list[float], list[float]]:
    """Return the start and the end of each character; time is shared out evenly within a span."""
    starts, ends = [start_ms] * count, [end_ms] * count
    edges = [_Span(0, 0, start_ms, start_ms), *anchors, _Span(count, count, end_ms, end_ms)]
    spans = list(anchors)
    for before, after in pairwise(edges):
        until = max(before.end_ms, after.start_ms)
        spans.append(_Span(before.last, after.first, before.end_ms, until))
    for span in spans:
        step = (span.end_ms - span.start_ms) / max(1, span.last - span.first)
        for index in range(span.first, span.last):
            starts[index] = span.start_ms + step * (index - span.first)
            ends[index] = starts[index] + step
    return starts, ends


def _split(text: str, anchors: Sequence[_Span]) -> Iterator[tuple[str, bool]]:
    """Yield the pieces of a text and whether a space stands before each."""
    inside = {
        index
        for span in anchors
        if span.last - span.first <= _LONGEST_WORD
        for index in range(span.first + 1, span.last)
    }
    at = 0
    for word in text.split(" ") if text else ():
        begins = 0
        for index in range(1, 0 if word.isascii() else len(word)):
            if at + index not in inside and _may_break(word[index - 1], word[index]):
                yield word[begins:index], begins == 0
                begins = index
        yield word[begins:], begins == 0
        at += len(_without_spaces(word))


def _may_break(before: str, after: str) -> bool:
    """Whether a line may end between two characters that no space separates."""
    if not (_UNSPACED.match(before) or _UNSPACED.match(after)):
        return False
    if after in _SMALL_KANA or unicodedata.category(after) in _CLINGING:
        return False
    return unicodedata.category(before) not in _OPENING
