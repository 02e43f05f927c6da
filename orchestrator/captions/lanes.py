"""Split a transcript by speaker, since a cue has the words of only one."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from orchestrator.captions.cutter import Lane
from orchestrator.captions.tokens import (
    Token,
    clean_name,
    last_end_ms,
    milliseconds,
    time_tokens,
)

__all__ = ["make_lanes"]

_LONGEST_S: Final = 359_999.0
_MIN_MS: Final = 834  # for words whose times leave no duration


def make_lanes(
    segments: Iterable[Mapping[str, Any]],
    *,
    duration_s: float | None = None,
    language: str | None = None,
) -> dict[str, Lane]:
    """Return the words of each speaker, by name; an unknown speaker has an empty name.

    Args:
        segments: In any order; see ``make_cues``.
        duration_s: The length of the audio, if known.
        language: The language of segments without one.
    """
    in_order = sorted(segments, key=lambda segment: milliseconds(segment.get("start"), 0.0))
    names = [clean_name(segment.get("speaker")) or "" for segment in in_order]
    spoken: dict[str, list[list[Token]]] = {}
    for name in dict.fromkeys(names):
        own = [one for one, whose in zip(in_order, names, strict=True) if whose == name]
        spoken[name] = time_tokens(own, language)
    if any(names):
        _mark_turns(spoken, names)
    end_ms = _end_ms(in_order, spoken, duration_s)
    starts = {name: [own[0].start_ms for own in said if own] for name, said in spoken.items()}
    return {
        name: Lane(
            tokens=[_within(token, end_ms) for own in said for token in own],
            others=sorted(
                start for whose, when in starts.items() if whose != name for start in when
            ),
            end_ms=end_ms,
            name=f"{name}: " if name else "- " if len(spoken) > 1 else "",
        )
        for name, said in spoken.items()
    }


def _mark_turns(spoken: Mapping[str, list[list[Token]]], names: Sequence[str]) -> None:
    """Mark the first token of each turn, and segments that overlap another speaker's."""
    at = dict.fromkeys(spoken, 0)
    order: list[tuple[str, int]] = []
    for name, run in groupby(names):
        opens_turn = True
        for _ in run:
            own = spoken[name][at[name]]
            order.append((name, at[name]))
            at[name] += 1
            if own and opens_turn:
                own[0] = replace(own[0], opens_turn=True)
                opens_turn = False
    for name, index in _find_crowded(spoken, order):
        own = spoken[name][index]
        own[:] = [replace(token, is_crowded=True) for token in own]


def _find_crowded(
    spoken: Mapping[str, list[list[Token]]], order: Sequence[tuple[str, int]]
) -> set[tuple[str, int]]:
    """Return the segments that overlap a segment of another speaker."""
    crowded: set[tuple[str, int]] = set()
    last: dict[str, tuple[float, tuple[str, int]]] = {}  # latest end so far, by speaker
    for name, index in order:
        own = spoken[name][index]
        if not own:
            continue
        for whose, (end_ms, segment) in last.items():
            if whose != name and end_ms > own[0].start_ms:
                crowded |= {segment, (name, index)}
        end_ms = max(token.end_ms for token in own)
        last[name] = max(last.get(name, (0.0, (name, index))), (end_ms, (name, index)))
    return crowded


def _end_ms(
    segments: Sequence[Mapping[str, Any]],
    spoken: Mapping[str, Sequence[Sequence[Token]]],
    duration_s: float | None,
) -> float:
    """Return the end of the audio or, if unknown, of the last word."""
    if duration_s is not None and math.isfinite(duration_s) and duration_s > 0:
        return math.floor(min(duration_s, _LONGEST_S) * 1000)
    starts = [token.start_ms for said in spoken.values() for own in said for token in own]
    end_ms = math.floor(last_end_ms(segments))
    last_start_ms = max(starts, default=0)
    return end_ms if end_ms > last_start_ms else last_start_ms + _MIN_MS


def _within(token: Token, end_ms: float) -> Token:
    """Return a token limited to the audio."""
    if token.start_ms < end_ms:
        return token
    return replace(token, start_ms=max(0, int(end_ms) - 1), end_ms=int(end_ms))
