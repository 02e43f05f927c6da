"""Cues in order of time, each with the words of one speaker."""

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

_MAX_EARLY_MS: Final = 250  # how early a cue at the end of the audio may start
_MIN_MS: Final = 500  # minimum for a cue that the end of the audio cuts short
_STRAY_MS: Final = 300  # a shorter overlap of turns is ignored
_MAX_UNSHOWN_MS: Final = 1000  # of speech that continues while another speaker's cue is shown


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption: lines with a start and an end."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]
    speaker: str | None = None
    """The speaker, if known."""
    language: str | None = None
    """The language code, if known."""

    @property
    def text(self) -> str:
        """The lines, joined by newlines."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class _TimedCue:
    """A cue before line breaking."""

    start_ms: int
    end_ms: int
    needed_ms: float
    """The reading time."""
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
    """Split a transcript into cues.

    Args:
        segments: Each with ``text``, ``start`` and ``end`` in seconds; ``words`` if known, each
            with ``word``, ``start`` and ``end``; ``speaker`` and ``language`` if known.
        style: Limits of the cues, as far as they neither drop a word nor delay one.
        duration_s: The length of the audio, which no cue exceeds; by default the end of the
            last word.
        language: The language of segments without one.

    Returns:
        Cues in order of time, which contain all words. No word is spoken before its cue starts.
        A cue has the words of one speaker. Cues of two speakers overlap only if both speak at
        the same time and there is no time to read one after the other.
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
    """Return the prefix of a cue in formats that have speakers in the text.

    Args:
        cue: The cue.
        speaker_before: The speaker of the previous cue.
    """
    if cue.speaker == speaker_before:
        return ""
    return f"{cue.speaker}: " if cue.speaker else "- "


def _show(draft: Draft, tokens: Sequence[Token], speaker: str | None, style: CueStyle) -> _TimedCue:
    start_ms = tokens[draft.first].start_ms
    read_ms = max(1000 * draft.chars / style.max_chars_per_s, 1000 * style.min_cue_s)
    end_ms = start_ms + math.ceil(min(draft.shown_ms, draft.available_ms))
    own = tokens[draft.first : draft.last]
    return _TimedCue(start_ms, end_ms, read_ms, draft.spoken_until_ms, speaker, own)


def _part_speakers(shown: Sequence[_TimedCue], style: CueStyle) -> list[_TimedCue]:
    """End a cue before another speaker's starts, if it can be read by then.

    It is left as it is if its words are still spoken a second later.
    """
    gap_ms = math.ceil(style.min_gap_s * 1000)
    parted = list(shown)
    for index, (one, following) in enumerate(pairwise(shown)):
        end_ms = following.start_ms - gap_ms
        if one.end_ms <= end_ms or one.speaker == following.speaker:
            continue
        is_stray = one.end_ms - following.start_ms <= _STRAY_MS
        is_read = one.spoken_until_ms - end_ms <= _MAX_UNSHOWN_MS
        if end_ms - one.start_ms >= (_MIN_MS if is_stray else one.needed_ms) and is_read:
            parted[index] = replace(one, end_ms=end_ms)
    return parted


def _close_gaps(shown: Sequence[_TimedCue], style: CueStyle) -> list[_TimedCue]:
    """Extend a cue up to the next one if the gap is short, to avoid flicker."""
    gap_ms, max_ms = math.ceil(style.min_gap_s * 1000), math.floor(style.max_cue_s * 1000)
    starts = [one.start_ms for one in shown]
    closed = list(shown)
    for index, one in enumerate(shown):
        after = bisect_left(starts, one.end_ms, lo=index + 1)
        if after < len(shown) and gap_ms < starts[after] - one.end_ms < FLICKER_MS:
            end_ms = min(starts[after] - gap_ms, one.start_ms + max_ms)
            closed[index] = replace(one, end_ms=max(one.end_ms, end_ms))
    return closed


def _start_early(shown: list[_TimedCue], style: CueStyle) -> list[_TimedCue]:
    """Show the last cue a little early if the audio ends before it can be read."""
    if not shown or shown[-1].end_ms - shown[-1].start_ms >= _MIN_MS:
        return shown
    last = shown[-1]
    free_ms = max((one.end_ms for one in shown[:-1]), default=-math.inf)
    free_ms += math.ceil(style.min_gap_s * 1000)
    start_ms = max(0, last.end_ms - _MIN_MS, last.start_ms - _MAX_EARLY_MS, free_ms)
    return [*shown[:-1], replace(last, start_ms=int(min(last.start_ms, start_ms)))]


def _write_lines(shown: Iterable[_TimedCue], style: CueStyle) -> list[Cue]:
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
