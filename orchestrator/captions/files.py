"""Caption files: SubRip and WebVTT."""

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.captions.cues import Cue, name_turn
from orchestrator.captions.direction import direct, is_right_to_left

__all__ = ["write_srt", "write_vtt"]

_TAG: Final = re.compile(r"<(?= */? *[A-Za-z])")
_APART: Final = "<\u2060"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_srt(cues: Iterable[Cue]) -> str:
    """Return cues as SubRip; if the speaker changes, the text starts with the name.

    SubRip has no escapes: an invisible character (U+2060) after the bracket keeps text from being
    parsed as a tag.
    """
    blocks: list[str] = []
    speaker: str | None = None
    for number, cue in enumerate(cues, start=1):
        times = f"{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}"
        text = _TAG.sub(_APART, _directed(cue, name_turn(cue, speaker)))
        blocks.append(f"{number}\n{times}\n{text}\n\n")
        speaker = cue.speaker
    return "".join(blocks)


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT, each with a voice tag if its speaker is known.

    Special characters are escaped (W3C WebVTT, section 4.2.2).
    """
    blocks = (
        f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n"
        f"{_voice(cue)}{_directed(cue).translate(_ESCAPES)}\n\n"
        for cue in cues
    )
    return "WEBVTT\n\n" + "".join(blocks)


def _voice(cue: Cue) -> str:
    return f"<v {cue.speaker.translate(_ESCAPES)}>" if cue.speaker else ""


def _directed(cue: Cue, name: str = "") -> str:
    """Return the lines of a cue with a name before them and direction marks."""
    right_to_left = is_right_to_left(cue.text, cue.language)
    first, *others = cue.lines or ("",)
    lines = (f"{name}{first}", *others)
    return "\n".join(direct(line, right_to_left=right_to_left) for line in lines)


def _time(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
