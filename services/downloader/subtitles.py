"""Parse subtitle files into timed segments. Pure.

Real files repeat scrolling lines, overlap, mark speakers with tags, and have cues that end before
they start. The segments are ordered, contain each word once, and do not overlap.
"""

import html
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from xml.etree.ElementTree import ParseError

import pysubs2
from yt_dlp.utils import dfxp2srt

from services.downloader.scripts import close_directions, join

_MAX_CUES = 50_000
_OVERRIDE = re.compile(r"\{\\[^}]*\}")  # how pysubs2 represents formatting
_TAG = re.compile(r"</?[A-Za-z0-9:.][^<>]*>")  # including times within a cue
# Without the marks of Hebrew, Arabic and Persian (U+200C to U+200F, U+202A to U+202E, U+2066 to
# U+2069): they affect how letters join and where punctuation is.
_NOT_SHOWN = re.compile("[\u200b\u2060\ufeff]")
_TIME_WITHIN = re.compile(r"<[0-9:.]+>")  # of single words; pysubs2 1.9 warns about them
_LEAST_MS = 100  # for cues that end before they start
_TOUCHING_MS = 100
_ROLLING_SHARE = 0.5  # of a file's cues; below it, repeated lines were spoken twice
# Code pages of Windows editors; 1252 for other languages.
_LEGACY_ENCODINGS = {
    "ar": ("cp1256",),
    "bg": ("cp1251",),
    "cs": ("cp1250",),
    "el": ("cp1253",),
    "fa": ("cp1256",),
    "he": ("cp1255",),
    "hu": ("cp1250",),
    "iw": ("cp1255",),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949",),
    "pl": ("cp1250",),
    "ru": ("cp1251",),
    "th": ("cp874",),
    "tr": ("cp1254",),
    "uk": ("cp1251",),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5"),
    "zh-hant": ("big5",),
    "zh-hk": ("big5hkscs",),
    "zh-tw": ("big5",),
}
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


class SubtitlesError(Exception):
    """The subtitle file cannot be parsed."""


@dataclass(frozen=True)
class _Cue:
    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


def parse_subtitles(data: bytes, language: str = "") -> list[dict[str, Any]]:
    """Return the segments of a subtitle file: WebVTT, SubRip, TTML or SSA.

    Args:
        data: The content of the file; its start determines the format.
        language: The language code, which determines the encoding if it is not UTF-8.

    Returns:
        Segments with ``text``, ``start``, ``end`` and ``duration`` in seconds; at least one.

    Raises:
        SubtitlesError: The format is unknown, or there are no cues.
    """
    cues = [cue for cue in map(_clean, _read(data, language)) if cue.lines]
    cues.sort(key=lambda cue: (cue.start_ms, cue.end_ms))
    separate = _remove_overlaps(_merge_simultaneous(_remove_scrolling(list(dict.fromkeys(cues)))))
    if not separate:
        raise SubtitlesError("the file has no cues")
    return [_describe(cue) for cue in separate]


def _read(data: bytes, language: str) -> Sequence[pysubs2.SSAEvent]:
    text = _decode(data, language).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff\n ")
    head = text[:2000]
    try:
        if "<tt" in head and head.startswith("<"):
            text, form = dfxp2srt(text.encode()), "srt"
        elif head.startswith("[Script Info]"):
            form = "ass"
        else:
            form = "vtt" if head.startswith("WEBVTT") else "srt"
        events = pysubs2.SSAFile.from_string(_TIME_WITHIN.sub("", text), format_=form).events
    except (pysubs2.Pysubs2Error, ParseError, ArithmeticError, LookupError, ValueError) as error:
        raise SubtitlesError(f"the format is unknown: {error}") from error
    if len(events) > _MAX_CUES:
        raise SubtitlesError(f"the file has more than {_MAX_CUES} cues")
    return [event for event in events if not event.is_comment]


def _decode(data: bytes, language: str) -> str:
    if data.startswith(_BYTE_ORDER_MARKS):
        return data.decode("utf-16", errors="replace")
    tag = language.lower().replace("_", "-")
    legacy = _LEGACY_ENCODINGS.get(tag) or _LEGACY_ENCODINGS.get(tag[:2], ())
    for encoding in ("utf-8-sig", *legacy):
        with suppress(UnicodeDecodeError):
            return data.decode(encoding)
    return data.decode("cp1252", errors="replace")


def _clean(event: pysubs2.SSAEvent) -> _Cue:
    text = _OVERRIDE.sub("", event.text).replace(r"\N", "\n").replace(r"\n", "\n")
    text = html.unescape(_TAG.sub("", text.replace(r"\h", " ")))
    lines = (" ".join(_NOT_SHOWN.sub("", line).split()) for line in text.splitlines())
    start_ms = max(0, event.start)
    end_ms = max(event.end, start_ms + _LEAST_MS)
    return _Cue(start_ms, end_ms, tuple(close_directions(line) for line in lines if line))


def _remove_scrolling(cues: Sequence[_Cue]) -> list[_Cue]:
    """Remove repeated lines of scrolling subtitles, where most cues repeat the previous one."""
    repeats = [_count_repeated(before, cue) for before, cue in pairwise(cues)]
    if not repeats or sum(map(bool, repeats)) < _ROLLING_SHARE * len(repeats):
        return list(cues)
    unrolled = [cues[0]]
    for cue, repeated in zip(cues[1:], repeats, strict=True):
        if repeated < len(cue.lines):
            unrolled.append(replace(cue, lines=cue.lines[repeated:]))
        else:  # nothing new: extend the previous cue
            unrolled[-1] = replace(unrolled[-1], end_ms=max(cue.end_ms, unrolled[-1].end_ms))
    return unrolled


def _count_repeated(before: _Cue, cue: _Cue) -> int:
    """Return how many of a cue's first lines repeat the last ones of the previous cue."""
    if cue.start_ms > before.end_ms + _TOUCHING_MS:
        return 0
    longest = min(len(before.lines), len(cue.lines))
    return next((n for n in range(longest, 0, -1) if before.lines[-n:] == cue.lines[:n]), 0)


def _merge_simultaneous(cues: Iterable[_Cue]) -> list[_Cue]:
    """Merge cues that start at the same time, such as those of two speakers."""
    joined: list[_Cue] = []
    for cue in cues:
        last = joined[-1] if joined else None
        if last and last.start_ms == cue.start_ms:
            end_ms = max(last.end_ms, cue.end_ms)
            joined[-1] = _Cue(cue.start_ms, end_ms, (*last.lines, *cue.lines))
        else:
            joined.append(cue)
    return joined


def _remove_overlaps(cues: Sequence[_Cue]) -> list[_Cue]:
    ended = [replace(cue, end_ms=min(cue.end_ms, after.start_ms)) for cue, after in pairwise(cues)]
    return [*ended, *cues[-1:]]


def _describe(cue: _Cue) -> dict[str, Any]:
    return {
        "text": join(cue.lines),
        "start": cue.start_ms / 1000,
        "end": cue.end_ms / 1000,
        "duration": (cue.end_ms - cue.start_ms) / 1000,
    }
