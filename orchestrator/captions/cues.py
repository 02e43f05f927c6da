"""Which words are shown together, and when: the cheapest way through all of a transcript.

Every cue that could be is given a price: high where it breaks the style, low where it ends with
a sentence or a pause. Of all ways to cut the transcript the one with the least sum is taken
(dynamic programming from the end, in time linear in the transcript's length).
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, NamedTuple

from orchestrator.captions.lines import break_lines
from orchestrator.captions.style import CueStyle
from orchestrator.captions.tokens import Token, time_tokens, width

__all__ = ["Cue", "make_cues"]

# Prices. A breach of the style costs more than any ugly cuts that could avoid it.
_A_BREACH: Final = 20.0
_A_CUE: Final = 0.6
_A_CUT: Final = 1.0  # in the middle of a clause
_A_CUT_AFTER_CLAUSE: Final = 0.5
_A_SECOND: Final = 1.0  # of silence in the middle of a cue, or of speech after its end
_LONGEST_PAUSE_MS: Final = 600  # where the pause is longer, a cut is no better
_MOST_HASTY_LINES: Final = 3  # beyond the style's, where words have next to no time
_FLICKER_MS: Final = 500  # half a second of nothing between two cues is closed

_SENTENCE_END: Final = re.compile(r"[.!?…。！？؟।]+[\"'”’»)\]」』）]*$")
_CLAUSE_END: Final = re.compile(r"[,;:–—、，；：،]+[\"'”’»)\]」』）]*$")
_SHORTENED: Final = re.compile(r"^\W*[^\W\d_]{1,3}\.$")  # "Mr." ends no sentence, as a rule


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines, each but the last with its end."""
        return "\n".join(self.lines)


class _Draft(NamedTuple):
    """A cue that could be: tokens ``first`` to ``last``, the latter not included."""

    first: int
    last: int
    lines: int
    chars: int
    spoken_until_ms: int
    silence_ms: int
    room_ms: float
    """From its start to when the next one needs the screen; endless for the last."""


def make_cues(segments: Iterable[Mapping[str, Any]], style: CueStyle) -> list[Cue]:
    """Cut a transcript into cues.

    Args:
        segments: Each with ``text``, ``start`` and ``end`` in seconds, and ``words`` if known,
            each with ``word``, ``start`` and ``end``.
        style: What the cues keep to, as far as that drops no word and starts none too late.

    Returns:
        All words, in order of time; none of them starts before its cue does.
    """
    tokens = time_tokens(segments)
    cutter = _Cutter(tokens, style)
    cues: list[Cue] = []
    for draft in cutter.cut():
        start_ms, end_ms = cutter.show(draft)
        lines = break_lines(tokens[draft.first : draft.last], max_line_chars=style.max_line_chars)
        cues.append(Cue(start_ms, end_ms, tuple(lines)))
    return cues


class _Cutter:
    """Finds the cheapest drafts.

    Args:
        tokens: In order of time.
        style: What breaches are measured against.
    """

    def __init__(self, tokens: Sequence[Token], style: CueStyle) -> None:
        self._tokens = tokens
        self._style = style
        self._min_ms = math.ceil(style.min_cue_s * 1000)
        self._max_ms = math.floor(style.max_cue_s * 1000)
        self._gap_ms = math.ceil(style.min_gap_s * 1000)
        self._ms_per_char = 1000 / style.max_chars_per_s
        self._starts = [*(float(token.start_ms) for token in tokens), math.inf]
        # Of tokens that start at the same time only the first can begin a cue.
        self._is_start = [True, *(before < after for before, after in pairwise(self._starts))]
        self._widths = [width(token.text) for token in tokens]
        self._cuts = [0.0, *(_price_of_cut(*pair) for pair in pairwise(tokens)), 0.0]

    def cut(self) -> Iterator[_Draft]:
        """Yield the drafts of the cheapest way, in order."""
        count = len(self._tokens)
        cheapest = [math.inf] * count + [0.0]
        chosen: list[_Draft | None] = [None] * count
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

    def show(self, draft: _Draft) -> tuple[int, int]:
        """Return from when to when a cue is shown, in milliseconds."""
        start_ms = self._tokens[draft.first].start_ms
        shown_ms = self._shown_ms(draft)
        if draft.room_ms - shown_ms < _FLICKER_MS and draft.room_ms <= self._max_ms:
            shown_ms = draft.room_ms
        return start_ms, start_ms + math.ceil(shown_ms)

    def _drafts(self, first: int) -> Iterator[_Draft]:
        """Yield every cue that could begin with a token, up to the first that is too long."""
        most = self._style.max_line_chars
        lines, columns, chars, spoken_until_ms, silence_ms = 1, 0, 0, 0, 0
        for index in range(first, len(self._tokens)):
            token = self._tokens[index]
            if index > first:
                chars += token.is_spaced
                columns += token.is_spaced + self._widths[index]
                silence_ms += max(0, token.start_ms - spoken_until_ms)
            if index == first or columns > most:
                columns = self._widths[index]
                lines += index > first
            chars += len(token.text)
            spoken_until_ms = max(spoken_until_ms, token.end_ms)
            if self._is_start[index + 1]:
                room_ms = self._room_ms(first, index + 1)
                yield _Draft(first, index + 1, lines, chars, spoken_until_ms, silence_ms, room_ms)
                if self._is_beyond(lines, room_ms):
                    return

    def _is_beyond(self, lines: int, room_ms: float) -> bool:
        """Whether more tokens make a cue no better; only a hasty one may have too many lines."""
        too_many = lines - self._style.max_lines
        is_hasty = room_ms < self._min_ms and too_many <= _MOST_HASTY_LINES
        return room_ms >= self._max_ms or (too_many > 0 and not is_hasty)

    def _room_ms(self, first: int, last: int) -> float:
        until_next_ms = self._starts[last] - self._starts[first]
        room_ms = until_next_ms - self._gap_ms
        return room_ms if room_ms > 0 else until_next_ms

    def _shown_ms(self, draft: _Draft) -> float:
        spoken_ms = draft.spoken_until_ms - self._starts[draft.first]
        read_ms = draft.chars * self._ms_per_char
        return min(max(spoken_ms, read_ms, self._min_ms), self._max_ms, draft.room_ms)

    def _price(self, draft: _Draft) -> float:
        shown_ms = self._shown_ms(draft)
        read_ms = draft.chars * self._ms_per_char
        price = _A_CUE + self._cuts[draft.last] + _A_SECOND * draft.silence_ms / 1000
        if shown_ms < self._min_ms:
            price += _A_BREACH * (2 - shown_ms / self._min_ms)
        if shown_ms < read_ms:
            price += _A_BREACH * read_ms / shown_ms
        if draft.lines > self._style.max_lines:
            price += _A_BREACH * (draft.lines - self._style.max_lines + 1)
        spoken_ms = min(draft.spoken_until_ms - self._starts[draft.first], draft.room_ms)
        return price + _A_SECOND * max(0, spoken_ms - shown_ms) / 1000


def _price_of_cut(before: Token, after: Token) -> float:
    """Return how little sense it makes to end a cue between two tokens."""
    pause_ms = min(max(0, after.start_ms - before.end_ms), _LONGEST_PAUSE_MS)
    price = _A_CUT
    if _SENTENCE_END.search(before.text) and not _SHORTENED.match(before.text):
        price = 0.0
    elif _CLAUSE_END.search(before.text) or after.opens_segment:
        price = _A_CUT_AFTER_CLAUSE
    return price - pause_ms / 1000
