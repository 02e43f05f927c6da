"""Grouping of one speaker's words into cues, at minimum cost.

Every possible cue has a cost: high if it violates the style, low if it ends with a sentence or a
pause. Of all ways to split the transcript, the one with the lowest total is taken (dynamic
programming from the end, in time linear in the length of the transcript).
"""

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from orchestrator.captions.scripts import width
from orchestrator.captions.style import CueStyle
from orchestrator.captions.tokens import Token

__all__ = ["FLICKER_MS", "Draft", "Lane", "cut"]

# Costs. A violation of the style costs more than any bad breaks that could avoid it.
_VIOLATION: Final = 20.0
_VIOLATION_AT_THE_END: Final = 2.0  # of the audio, which no cue exceeds
_CUE: Final = 0.6
_BREAK: Final = 1.0  # within a clause
_BREAK_AFTER_CLAUSE: Final = 0.5
_BREAK_IN_WORD: Final = 25.0  # or in a phrase of an unspaced script: worse than a violation
_SECOND: Final = 1.0  # of silence within a cue, or of speech after its end
_ORPHAN: Final = 2.0  # a cue of one or two words of a longer sentence
_MAX_ORPHAN: Final = 16  # columns
_MAX_PAUSE_MS: Final = 600  # a longer pause makes a break no better
_SEPARATING_PAUSE_MS: Final = 1500  # after it, even one word gets a cue of its own
_MAX_HASTY_LINES: Final = 3  # beyond the style's, if words have almost no time
_OVERLAP_MS: Final = 300  # a shorter overlap of turns is ignored
FLICKER_MS: Final = 500
"""A shorter gap between cues is closed (Netflix, subtitle timing guidelines)."""

_SENTENCE_END: Final = re.compile(r"[.!?…。！？؟۔।།]+[\"'”’»)\]」』）]*$")
_CLAUSE_END: Final = re.compile(r"[,;:–—、，；：،؛]+[\"'”’»)\]」』）]*$")
_ABBREVIATION: Final = re.compile(r"^\W*[^\W\d_]{1,3}\.$")  # "Mr." usually ends no sentence


@dataclass(frozen=True, slots=True)
class Lane:
    """The words of one speaker, and what limits their display."""

    tokens: Sequence[Token]
    """In order of time."""
    others: Sequence[int]
    """The times at which other speakers start, in milliseconds, ascending."""
    end_ms: float
    """The end of the audio."""
    name: str = ""
    """The prefix of a cue that opens a turn: the speaker's name."""


class Draft(NamedTuple):
    """A possible cue: tokens ``first`` to ``last``, exclusive."""

    first: int
    last: int
    lines: int
    chars: int
    spoken_until_ms: int
    silence_ms: int
    available_ms: float
    """From its start until the next cue starts or the audio ends."""
    shown_ms: float
    """The time to speak and to read it, limited by ``available_ms``."""


def cut(lane: Lane, style: CueStyle) -> Iterator[Draft]:
    """Yield the drafts with the lowest total cost, in order."""
    return _Cutter(lane, style).cut()


class _Cutter:
    """Finds the cheapest drafts.

    Args:
        lane: The words.
        style: The limits.
    """

    def __init__(self, lane: Lane, style: CueStyle) -> None:
        self._lane = lane
        self._tokens = tokens = lane.tokens
        self._style = style
        self._min_ms = math.ceil(style.min_cue_s * 1000)
        self._max_ms = math.floor(style.max_cue_s * 1000)
        self._gap_ms = math.ceil(style.min_gap_s * 1000)
        self._ms_per_char = 1000 / style.max_chars_per_s
        self._starts = [*(float(token.start_ms) for token in tokens), math.inf]
        # Only the first of several tokens with the same start can start a cue.
        self._is_start = [True, *(before < after for before, after in pairwise(self._starts))]
        self._widths = [width(token.text) for token in tokens]
        self._ends = [0, *accumulate(self._widths)]
        self._break_costs = [0.0, *(_break_cost(*pair) for pair in pairwise(tokens)), 0.0]
        self._splits = [False, *(_splits_sentence(*pair) for pair in pairwise(tokens)), False]

    def cut(self) -> Iterator[Draft]:
        """Yield the drafts with the lowest total cost, in order."""
        count = len(self._tokens)
        cheapest = [math.inf] * count + [0.0]
        chosen: list[Draft | None] = [None] * count
        for first in range(count - 1, -1, -1):
            if not self._is_start[first]:
                continue
            for draft in self._drafts(first):
                cost = cheapest[draft.last] + self._cost(draft)
                if cost < cheapest[first]:
                    cheapest[first], chosen[first] = cost, draft
        first = 0
        while first < count and (best := chosen[first]):
            yield best
            first = best.last

    def _drafts(self, first: int) -> Iterator[Draft]:
        """Yield every cue that can start with a token, up to the first that is too long."""
        token = self._tokens[first]
        name = self._lane.name if token.opens_turn or token.is_crowded else ""
        columns, chars, lines = width(name), len(name), 1
        since_word = 0  # columns of the last word or phrase of the line
        spoken_until_ms, silence_ms = 0, 0
        for index in range(first, len(self._tokens)):
            token = self._tokens[index]
            space = token.is_spaced and index > first
            if index > first:
                silence_ms += max(0, token.start_ms - spoken_until_ms)
            chars += space + len(token.text)
            since_word = self._widths[index] + (since_word if token.splits_word else 0)
            columns += space + self._widths[index]
            if columns > self._style.max_line_chars and index > first:
                lines += 1
                columns = min(since_word, columns)
            spoken_until_ms = max(spoken_until_ms, token.end_ms)
            if self._is_start[index + 1]:
                draft = self._draft(first, index + 1, lines, chars, spoken_until_ms, silence_ms)
                yield draft
                if self._is_beyond(draft) or self._opens_turn(index + 1):
                    return

    def _draft(
        self, first: int, last: int, lines: int, chars: int, spoken_until_ms: int, silence_ms: int
    ) -> Draft:
        available_ms = self._available_ms(first, last, spoken_until_ms)
        spoken_ms = spoken_until_ms - self._starts[first]
        needed_ms = max(spoken_ms, chars * self._ms_per_char, self._min_ms)
        shown_ms = min(needed_ms, self._max_ms, available_ms)
        return Draft(first, last, lines, chars, spoken_until_ms, silence_ms, available_ms, shown_ms)

    def _opens_turn(self, index: int) -> bool:
        return index < len(self._tokens) and self._tokens[index].opens_turn

    def _is_beyond(self, draft: Draft) -> bool:
        """Return whether more tokens cannot improve a cue.

        Only a cue that has almost no time may have too many lines.
        """
        own_ms = self._starts[draft.last] - self._starts[draft.first]
        too_many = draft.lines - self._style.max_lines
        is_hasty = own_ms < self._min_ms and too_many <= _MAX_HASTY_LINES
        return own_ms - self._gap_ms >= self._max_ms or (too_many > 0 and not is_hasty)

    def _available_ms(self, first: int, last: int, spoken_until_ms: int) -> float:
        """Return the time from a cue's start to the next cue of any speaker, or to the end."""
        start_ms = self._starts[first]
        next_ms = self._starts[last]
        if others := self._lane.others:
            after = bisect_left(others, max(start_ms + 1, spoken_until_ms - _OVERLAP_MS))
            next_ms = min((next_ms, *others[after : after + 1]))
        until_next_ms = next_ms - start_ms
        available_ms = until_next_ms - self._gap_ms
        available_ms = available_ms if available_ms > 0 else until_next_ms
        return max(1.0, min(available_ms, self._lane.end_ms - start_ms))

    def _cost(self, draft: Draft) -> float:
        shown_ms = draft.shown_ms
        read_ms = draft.chars * self._ms_per_char
        cost = _CUE + self._break_costs[draft.last] + _SECOND * draft.silence_ms / 1000
        if self._splits[draft.first] or self._splits[draft.last]:
            cost += self._orphan_cost(draft)
        is_at_end = self._starts[draft.first] + draft.available_ms >= self._lane.end_ms
        violation = _VIOLATION_AT_THE_END if is_at_end else _VIOLATION
        if shown_ms < self._min_ms:
            cost += violation * (2 - shown_ms / self._min_ms)
        if shown_ms < read_ms:
            cost += violation * read_ms / shown_ms
        if draft.lines > self._style.max_lines:
            cost += _VIOLATION * (draft.lines - self._style.max_lines + 1)
        is_too_long = draft.available_ms > self._max_ms
        if is_too_long and draft.available_ms + self._gap_ms - shown_ms < FLICKER_MS:
            cost += _VIOLATION  # the gap flickers, and the cue is too long to close it
        spoken_ms = min(draft.spoken_until_ms - self._starts[draft.first], draft.available_ms)
        return cost + _SECOND * max(0, spoken_ms - shown_ms) / 1000

    def _orphan_cost(self, draft: Draft) -> float:
        """Return the cost of separating one or two words from their sentence."""
        columns = self._ends[draft.last] - self._ends[draft.first]
        if columns >= _MAX_ORPHAN:
            return 0.0
        return _ORPHAN * (1.25 - columns / _MAX_ORPHAN)


def _break_cost(before: Token, after: Token) -> float:
    """Return the cost of ending a cue between two tokens."""
    pause_ms = min(max(0, after.start_ms - before.end_ms), _MAX_PAUSE_MS)
    cost = _BREAK_IN_WORD if after.splits_word else _BREAK
    if _ends_sentence(before):
        cost = 0.0
    elif _CLAUSE_END.search(before.text) or after.opens_segment:
        cost = min(cost, _BREAK_AFTER_CLAUSE)
    return cost - pause_ms / 1000


def _splits_sentence(before: Token, after: Token) -> bool:
    """Return whether a break between two tokens splits a sentence."""
    has_ended = _ends_sentence(before) or after.opens_turn
    return not has_ended and after.start_ms - before.end_ms < _SEPARATING_PAUSE_MS


def _ends_sentence(token: Token) -> bool:
    return bool(_SENTENCE_END.search(token.text)) and not _ABBREVIATION.match(token.text)
