"""Tokens: the words of a transcript with times, taken from word timings if there are any."""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from orchestrator.captions.scripts import find_breaks, join_texts, needs_space, width

__all__ = ["Token", "clean", "clean_name", "last_end_ms", "milliseconds", "time_tokens"]

_LOOSE_MARK: Final = re.compile(r" (?=[!?:;»%]+(?: |$))")  # French has a space before them
_WIDEST_WORD: Final = 10  # columns; a wider timed "word" of an unspaced script is a phrase
_REACH: Final = 40  # characters within which a word is searched for
_LONGEST_S: Final = 359_999.0  # SubRip's hours have two digits
_LONGEST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Token:
    """A unit that is never split: a word, or a character of an unspaced script."""

    text: str
    start_ms: int
    end_ms: int
    is_spaced: bool
    """Whether a space precedes it."""
    opens_segment: bool = False
    """Whether it is the first of its segment."""
    splits_word: bool = False
    """Whether a break before it splits a word or a phrase: possible but undesirable."""
    language: str | None = None
    opens_turn: bool = False
    """Whether the speaker or the language changes before it; no cue crosses that point."""
    is_crowded: bool = False
    """Whether another speaker speaks at the same time."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A range of characters and its time."""

    first: int
    last: int  # exclusive
    start_ms: float
    end_ms: float


def time_tokens(
    segments: Iterable[Mapping[str, Any]], language: str | None = None
) -> list[list[Token]]:
    """Return the tokens of each segment, with ascending times.

    Args:
        segments: The segments of one speaker, ordered by start. Each has ``text``, ``start`` and
            ``end`` in seconds; ``words`` if known, each with ``word``, ``start`` and ``end``;
            and ``language`` if known.
        language: The language of segments without one.

    Returns:
        Tokens with all of the text. No token starts later than its word; of two words in the
        wrong order, both get the earlier time.
    """
    timed: list[list[Token]] = []
    last: Token | None = None
    for segment in segments:
        own = list(_time_segment(segment, language, last.text if last else ""))
        timed.append(own)
        if own and last and own[0].language != last.language:
            own[0] = replace(own[0], opens_turn=True)
        last = own[-1] if own else last
    earliest = math.inf
    for tokens in reversed(timed):
        for index in range(len(tokens) - 1, -1, -1):
            if tokens[index].start_ms > earliest:
                tokens[index] = replace(tokens[index], start_ms=int(earliest))
            earliest = tokens[index].start_ms
    return timed


def clean(text: Any) -> str:
    """Return a text on one line, without characters that caption files must not contain."""
    text = str(text or "")
    if not text.isprintable():
        text = "".join(char for char in text if char.isspace() or _is_writable(char))
    return _LOOSE_MARK.sub("\u00a0", " ".join(text.split()))


def clean_name(speaker: Any) -> str | None:
    """Return a speaker's name for captions; ``None`` if there is none."""
    return clean(speaker)[:_LONGEST_NAME].strip() or None


def milliseconds(value: Any, otherwise: float) -> float:
    """Convert a service's seconds; return ``otherwise`` if the value is not a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return otherwise
    return min(max(float(value), 0.0), _LONGEST_S) * 1000


def last_end_ms(segments: Iterable[Mapping[str, Any]]) -> float:
    """Return the latest end of a segment or word."""
    last = 0.0
    for segment in segments:
        last = max(last, milliseconds(segment.get("end"), 0.0))
        for word in segment.get("words") or ():
            last = max(last, milliseconds(word.get("end"), 0.0))
    return last


def _time_segment(segment: Mapping[str, Any], language: str | None, before: str) -> Iterator[Token]:
    words: Sequence[Mapping[str, Any]] = segment.get("words") or ()
    text = clean(segment.get("text")) or join_texts(clean(word.get("word")) for word in words)
    language = str(segment.get("language") or "") or language
    letters = _without_spaces(text)
    start = milliseconds(segment.get("start"), 0.0)
    end = max(start, milliseconds(segment.get("end"), start))
    anchors = list(_find_words(letters, words))
    starts, ends = _spread(len(letters), anchors, start, end)
    is_spaced = bool(before) and needs_space(before, text)
    at = 0
    for piece in _split(text, language, anchors):
        count = len(_without_spaces(piece.text))
        start_ms = math.floor(round(starts[at], 3))
        yield Token(
            piece.text,
            start_ms,
            max(start_ms, round(ends[at + count - 1])),
            piece.is_spaced if at else is_spaced,
            opens_segment=at == 0,
            splits_word=piece.splits_word,
            language=language,
        )
        at += count


def _is_writable(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cs"}  # control characters, half a pair


def _without_spaces(text: str) -> str:
    return "".join(text.split())


def _find_words(letters: str, words: Iterable[Mapping[str, Any]]) -> Iterator[_Span]:
    """Yield the spans of words in a text; words that do not occur in order are skipped."""
    at = 0
    for word in words:
        spelled = _without_spaces(clean(word.get("word")))
        found = letters.find(spelled, at, at + len(spelled) + _REACH) if spelled else -1
        start = milliseconds(word.get("start"), -1.0)
        if found < 0 or start < 0:
            continue
        at = found + len(spelled)
        yield _Span(found, at, start, max(start, milliseconds(word.get("end"), start)))


def _spread(
    count: int, anchors: Sequence[_Span], start_ms: float, end_ms: float
) -> tuple[list[float], list[float]]:
    """Return the start and the end of each character, evenly spaced within a span."""
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


@dataclass(frozen=True, slots=True)
class _Piece:
    text: str
    is_spaced: bool
    splits_word: bool


def _split(text: str, language: str | None, anchors: Sequence[_Span]) -> Iterator[_Piece]:
    """Yield the pieces of a text that no line break splits."""
    if text.isascii():
        yield from (_Piece(word, is_spaced=True, splits_word=False) for word in text.split())
        return
    letters = _without_spaces(text)
    inside = {
        index
        for span in anchors
        if width(letters[span.first : span.last]) <= _WIDEST_WORD
        for index in range(span.first + 1, span.last)
    }
    at = 0
    for word in text.split(" ") if text else ():
        breaks = find_breaks(word, language)
        begins = 0
        for index in sorted(breaks.characters):
            if at + index not in inside:
                yield _Piece(word[begins:index], begins == 0, _splits(begins, breaks.words))
                begins = index
        yield _Piece(word[begins:], begins == 0, _splits(begins, breaks.words))
        at += len(_without_spaces(word))


def _splits(index: int, words: frozenset[int]) -> bool:
    return index > 0 and index not in words
