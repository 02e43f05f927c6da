"""Cues as files: SubRip and WebVTT, and the plain text."""

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.captions.cues import Cue

__all__ = ["write_srt", "write_text", "write_vtt"]

_TAG: Final = re.compile(r"<(?= */? *[A-Za-z])")
_APART: Final = "<\u2060"
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_srt(cues: Iterable[Cue]) -> str:
    """Return cues as SubRip.

    SubRip has no way to escape: what would be taken for a tag is kept apart from its bracket by
    an invisible character (U+2060).
    """
    return "".join(
        f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n"
        f"{_TAG.sub(_APART, cue.text)}\n\n"
        for number, cue in enumerate(cues, start=1)
    )


def write_vtt(cues: Iterable[Cue]) -> str:
    """Return cues as WebVTT, its special characters escaped (W3C WebVTT, section 4.2.2)."""
    blocks = (
        f"{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n"
        f"{cue.text.translate(_ESCAPES)}\n\n"
        for cue in cues
    )
    return "WEBVTT\n\n" + "".join(blocks)


def write_text(text: str) -> str:
    """Return a text as a file: with a line end, without what no file can hold."""
    return f"{text.strip()}\n".encode("utf-8", "replace").decode()


def _time(time_ms: int, point: str) -> str:
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
