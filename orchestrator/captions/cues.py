"""What is shown at what time: one speaker's words in each cue, cues in order of time."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from orchestrator.captions.cutter import FLICKER_MS, Draft, cut
from orchestrator.captions.lanes import make_lanes
from orchestrator.captions.lines import break_lines
from orchestrator.captions.scripts import width
from orchestrator.captions.style import CueStyle
from orchestrator.captions.tokens import Token

__all__ = ["Cue", "make_cues", "name_turn"]

_MOST_EARLY_MS: Final = 250  # a cue too close to the sound's end starts before its word
_LEAST_MS: Final = 500  # enough for a cue that the end of the sound cuts short
_STRAY_MS: Final = 300  # turns that overlap by less follow each other
_UNSHOWN_MS: Final = 1000  # of speech that goes on while somebody else's words are shown


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None
    """Who says it, where speakers are known."""
    language: str | None = None
    """The code of its language, if known."""

    @property
    def text(self) -> str:
        """The lines, each but the last with its end."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class _Shown:
    """The words of a cue, with when they are shown."""

    start_ms: int
    end_ms: int
    needed_ms: float
    """How long they take to read."""
    spoken_until_ms: int
    speaker: str | None
    tokens: Sequence[Token]


def make_cues(
    segments: Iterable[Mapping[str, Any]],
    style: CueStyle,
    *,
    duration_s: float | None = None,
    language: str | None = None,
) -> list[Cue]:
    """Cut a transcript into cues.

    Args:
        segments: Each with ``text``, ``start`` and ``end`` in seconds; ``words`` if known, each
            with ``word``, ``start`` and ``end``; ``speaker`` and ``language`` if known.
        style: What the cues keep to, as far as that drops no word and starts none too late.
        duration_s: How long the sound is; no cue ends later. Where it is not known, none ends
            later than the last word.
        language: The language of the segments that do not name theirs.

    Returns:
        All words, in order of time; none of them starts before its cue does. A cue has the
        words of one speaker. Cues of two speakers overlap only where both speak at once and
        one after the other could not be read.
    """
    shown = [
        _show(draft, lane.tokens, name or None, style)
        for name, lane in make_lanes(segments, duration_s=duration_s, language=language).items()
        for draft in cut(lane, style)
    ]
    shown.sort(key=lambda one: (one.start_ms, one.end_ms))
    shown = _start_early(_close_gaps(_part_speakers(shown, style), style), style)
    return _write_lines(shown, style)


def name_turn(cue: Cue, speaker_before: str | None) -> str:
    """Return what a cue starts with where speakers are written in the text.

    Args:
        cue: The cue.
        speaker_before: Whose words were shown before.
    """
    if cue.speaker == speaker_before:
        return ""
    return f"{cue.speaker}: " if cue.speaker else "- "


def _show(draft: Draft, tokens: Sequence[Token], speaker: str | None, style: CueStyle) -> _Shown:
    start_ms = tokens[draft.first].start_ms
    read_ms = max(1000 * draft.chars / style.max_chars_per_s, 1000 * style.min_cue_s)
    end_ms = start_ms + math.ceil(min(draft.shown_ms, draft.room_ms))
    own = tokens[draft.first : draft.last]
    return _Shown(start_ms, end_ms, read_ms, draft.spoken_until_ms, speaker, own)


def _part_speakers(shown: Sequence[_Shown], style: CueStyle) -> list[_Shown]:
    """End the cues of one speaker before another's start, where they can be read by then.

    They stay where their words are still spoken a second later.
    """
    gap_ms = math.ceil(style.min_gap_s * 1000)
    parted = list(shown)
    for index, (one, following) in enumerate(pairwise(shown)):
        end_ms = following.start_ms - gap_ms
        if one.end_ms <= end_ms or one.speaker == following.speaker:
            continue
        is_stray = one.end_ms - following.start_ms <= _STRAY_MS
        is_read = one.spoken_until_ms - end_ms <= _UNSHOWN_MS
        if end_ms - one.start_ms >= (_LEAST_MS if is_stray else one.needed_ms) and is_read:
            parted[index] = replace(one, end_ms=end_ms)
    return parted


def _close_gaps(shown: Sequence[_Shown], style: CueStyle) -> list[_Shown]:
    """Keep the screen from flickering: show a cue until the next one that comes at once."""
    gap_ms, max_ms = math.ceil(style.min_gap_s * 1000), math.floor(style.max_cue_s * 1000)
    starts = [one.start_ms for one in shown]
    closed = list(shown)
    for index, one in enumerate(shown):
        after = bisect_left(starts, one.end_ms, lo=index + 1)
        if after < len(shown) and gap_ms < starts[after] - one.end_ms < FLICKER_MS:
            end_ms = min(starts[after] - gap_ms, one.start_ms + max_ms)
            closed[index] = replace(one, end_ms=max(one.end_ms, end_ms))
    return closed


def _start_early(shown: list[_Shown], style: CueStyle) -> list[_Shown]:
    """Show the last words a little early where the sound ends before they could be read."""
    if not shown or shown[-1].end_ms - shown[-1].start_ms >= _LEAST_MS:
        return shown
    last = shown[-1]
    free_ms = max((one.end_ms for one in shown[:-1]), default=-math.inf)
    free_ms += math.ceil(style.min_gap_s * 1000)
    start_ms = max(0, last.end_ms - _LEAST_MS, last.start_ms - _MOST_EARLY_MS, free_ms)
    return [*shown[:-1], replace(last, start_ms=int(min(last.start_ms, start_ms)))]


def _write_lines(shown: Iterable[_Shown], style: CueStyle) -> list[Cue]:
    cues: list[Cue] = []
    speaker: str | None = None
    for one in shown:
        cue = Cue(one.start_ms, one.end_ms, (), one.speaker, one.tokens[0].language)
        lines = break_lines(
            one.tokens,
            max_line_chars=style.max_line_chars,
            indent=width(name_turn(cue, speaker)),
        )
        cues.append(replace(cue, lines=tuple(lines)))
        speaker = one.speaker
    return cues
