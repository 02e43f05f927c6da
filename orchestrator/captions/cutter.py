"""Which words are shown together: the cheapest way through what one speaker says.

Every cue that could be is given a price: high where it breaks the style, low where it ends with
a sentence or a pause. Of all ways to cut the transcript the one with the least sum is taken
(dynamic programming from the end, in time linear in the transcript's length).
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

# Prices. A breach of the style costs more than any ugly cuts that could avoid it.
_A_BREACH: Final = 20.0
_A_BREACH_AT_THE_END: Final = 2.0  # of the sound, which no cue outlasts
_A_CUE: Final = 0.6
_A_CUT: Final = 1.0  # in the middle of a clause
_A_CUT_AFTER_CLAUSE: Final = 0.5
_A_CUT_IN_A_WORD: Final = 25.0  # or in a phrase, where a script puts no spaces: worse than a breach
_A_SECOND: Final = 1.0  # of silence in the middle of a cue, or of speech after its end
_AN_ORPHAN: Final = 2.0  # a cue of a word or two that is only a part of a sentence
_LONGEST_ORPHAN: Final = 16  # columns
_LONGEST_PAUSE_MS: Final = 600  # where the pause is longer, a cut is no better
_PARTING_PAUSE_MS: Final = 1500  # after that even one word has a cue of its own
_MOST_HASTY_LINES: Final = 3  # beyond the style's, where words have next to no time
_OVERLAP_MS: Final = 300  # turns that overlap by less follow each other
FLICKER_MS: Final = 500
"""Half a second. A shorter gap between cues is closed (Netflix, subtitle timing guidelines)."""

_SENTENCE_END: Final = re.compile(r"[.!?…。！？؟۔।།]+[\"'”’»)\]」』）]*$")
_CLAUSE_END: Final = re.compile(r"[,;:–—、，；：،؛]+[\"'”’»)\]」』）]*$")
_SHORTENED: Final = re.compile(r"^\W*[^\W\d_]{1,3}\.$")  # "Mr." ends no sentence, as a rule


@dataclass(frozen=True, slots=True)
class Lane:
    """What one speaker says, and what limits how long it can be shown."""

    tokens: Sequence[Token]
    """In order of time."""
    others: Sequence[int]
    """When somebody else starts to speak, in milliseconds and in order."""
    end_ms: float
    """When the sound ends."""
    name: str = ""
    """What a cue that opens a turn starts with: the speaker's name."""


class Draft(NamedTuple):
    """A cue that could be: tokens ``first`` to ``last``, the latter not included."""

    first: int
    last: int
    lines: int
    chars: int
    spoken_until_ms: int
    silence_ms: int
    room_ms: float
    """From its start to when the next one needs the screen, or the sound ends."""
    shown_ms: float
    """As long as it is spoken and can be read, as far as there is room."""


def cut(lane: Lane, style: CueStyle) -> Iterator[Draft]:
    """Yield the drafts of the cheapest way, in order."""
    return _Cutter(lane, style).cut()


class _Cutter:
    """Finds the cheapest drafts.

    Args:
        lane: What is cut.
        style: What breaches are measured against.
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
        # Of tokens that start at the same time only the first can begin a cue.
        self._is_start = [True, *(before < after for before, after in pairwise(self._starts))]
        self._widths = [width(token.text) for token in tokens]
        self._ends = [0, *accumulate(self._widths)]
        self._cuts = [0.0, *(_price_of_cut(*pair) for pair in pairwise(tokens)), 0.0]
        self._parts = [False, *(_parts_sentence(*pair) for pair in pairwise(tokens)), False]

    def cut(self) -> Iterator[Draft]:
        """Yield the drafts of the cheapest way, in order."""
        count = len(self._tokens)
        cheapest = [math.inf] * count + [0.0]
        chosen: list[Draft | None] = [None] * count
        for first in range(count - 1, -1, -1):
            if not self._is_start[first]:
                continue
            for draft in self._drafts(first):
                price = cheapest[draft.last] + self._price(draft)
                if price < cheapest[first]:
                    cheapest[first], chosen[first] = price, draft
        first = 0
        while first < count and (best := chosen[first]):
            yield best
            first = best.last

    def _drafts(self, first: int) -> Iterator[Draft]:
        """Yield every cue that could begin with a token, up to the first that is too long."""
        token = self._tokens[first]
        name = self._lane.name if token.opens_turn or token.is_crowded else ""
        columns, chars, lines = width(name), len(name), 1
        since_word = 0  # columns of the word or phrase at the line's end
        spoken_until_ms, silence_ms = 0, 0
        for index in range(first, len(self._tokens)):
            token = self._tokens[index]
            space = token.is_spaced and index > first
            if index > first:
                silence_ms += max(0, token.start_ms - spoken_until_ms)
            chars += space + len(token.text)
            since_word = self._widths[index] + (since_word if token.parts_word else 0)
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
        room_ms = self._room_ms(first, last, spoken_until_ms)
        spoken_ms = spoken_until_ms - self._starts[first]
        needed_ms = max(spoken_ms, chars * self._ms_per_char, self._min_ms)
        shown_ms = min(needed_ms, self._max_ms, room_ms)
        return Draft(first, last, lines, chars, spoken_until_ms, silence_ms, room_ms, shown_ms)

    def _opens_turn(self, index: int) -> bool:
        return index < len(self._tokens) and self._tokens[index].opens_turn

    def _is_beyond(self, draft: Draft) -> bool:
        """Whether more tokens make a cue no better; only a hasty one may have too many lines."""
        own_room_ms = self._starts[draft.last] - self._starts[draft.first]
        too_many = draft.lines - self._style.max_lines
        is_hasty = own_room_ms < self._min_ms and too_many <= _MOST_HASTY_LINES
        return own_room_ms - self._gap_ms >= self._max_ms or (too_many > 0 and not is_hasty)

    def _room_ms(self, first: int, last: int, spoken_until_ms: int) -> float:
        """Return how long a cue can be shown before the next one, anybody's, or the end."""
        start_ms = self._starts[first]
        next_ms = self._starts[last]
        if others := self._lane.others:
            after = bisect_left(others, max(start_ms + 1, spoken_until_ms - _OVERLAP_MS))
            next_ms = min((next_ms, *others[after : after + 1]))
        until_next_ms = next_ms - start_ms
        room_ms = until_next_ms - self._gap_ms
        room_ms = room_ms if room_ms > 0 else until_next_ms
        return max(1.0, min(room_ms, self._lane.end_ms - start_ms))

    def _price(self, draft: Draft) -> float:
        shown_ms = draft.shown_ms
        read_ms = draft.chars * self._ms_per_char
        price = _A_CUE + self._cuts[draft.last] + _A_SECOND * draft.silence_ms / 1000
        if self._parts[draft.first] or self._parts[draft.last]:
            price += self._price_of_orphan(draft)
        is_at_end = self._starts[draft.first] + draft.room_ms >= self._lane.end_ms
        breach = _A_BREACH_AT_THE_END if is_at_end else _A_BREACH
        if shown_ms < self._min_ms:
            price += breach * (2 - shown_ms / self._min_ms)
        if shown_ms < read_ms:
            price += breach * read_ms / shown_ms
        if draft.lines > self._style.max_lines:
            price += _A_BREACH * (draft.lines - self._style.max_lines + 1)
        is_too_long = draft.room_ms > self._max_ms
        if is_too_long and draft.room_ms + self._gap_ms - shown_ms < FLICKER_MS:
            price += _A_BREACH  # the gap is too short to leave, the cue too long to close it
        spoken_ms = min(draft.spoken_until_ms - self._starts[draft.first], draft.room_ms)
        return price + _A_SECOND * max(0, spoken_ms - shown_ms) / 1000

    def _price_of_orphan(self, draft: Draft) -> float:
        """Return what it costs to show a word or two apart from their sentence."""
        columns = self._ends[draft.last] - self._ends[draft.first]
        if columns >= _LONGEST_ORPHAN:
            return 0.0
        return _AN_ORPHAN * (1.25 - columns / _LONGEST_ORPHAN)


def _price_of_cut(before: Token, after: Token) -> float:
    """Return how little sense it makes to end a cue between two tokens."""
    pause_ms = min(max(0, after.start_ms - before.end_ms), _LONGEST_PAUSE_MS)
    price = _A_CUT_IN_A_WORD if after.parts_word else _A_CUT
    if _ends_sentence(before):
        price = 0.0
    elif _CLAUSE_END.search(before.text) or after.opens_segment:
        price = min(price, _A_CUT_AFTER_CLAUSE)
    return price - pause_ms / 1000


def _parts_sentence(before: Token, after: Token) -> bool:
    """Return whether a cut between two tokens parts what belongs together."""
    has_ended = _ends_sentence(before) or after.opens_turn
    return not has_ended and after.start_ms - before.end_ms < _PARTING_PAUSE_MS


def _ends_sentence(token: Token) -> bool:
    return bool(_SENTENCE_END.search(token.text)) and not _SHORTENED.match(token.text)
