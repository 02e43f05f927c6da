"""Writes segments as SubRip, WebVTT and plain text: pure.

There is one cue per segment, with its speaker. A client that needs another style builds its cues
from the segments, as the orchestrator does.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

RIGHT_TO_LEFT_LANGUAGES = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
FLICKER_S = 0.5  # a shorter gap between two cues is closed
GAP_S = 0.084  # to two frames, as Netflix's timing guidelines ask
LEAST_S = 0.001  # a cue needs a duration
ORPHAN_CHARS = 16  # a shorter single word at the end of a sentence joins the previous cue
ORPHAN_PAUSE_S = 1.5
PAUSE_S = 2.0  # such a pause after a sentence ends a paragraph
FULL_CHARS = 500  # a paragraph of this length ends with its sentence
OVERFULL_CHARS = 1000  # a paragraph of this length ends with its segment

_SENTENCE_END = re.compile(r"[.!?…。！？؟۔།][\"'”’»)\]」』）]*$")
# Scripts without spaces: East Asian ones except Hangul, and those of South East Asia.
_UNSPACED = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u3190-\ua4cf\uf900-\ufaff"
    "\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff]"
)
_EMBEDDINGS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_TAG = re.compile(r"<(?= */? *[A-Za-z])")
_WORD_JOINER = "<\u2060"  # SubRip has no escapes; an invisible character disables a tag


class TimedText(Protocol):
    """The parts of a segment that captions contain; times in seconds."""

    @property
    def text(self) -> str:
        """The text of the segment."""

    @property
    def start(self) -> float:
        """Start time."""

    @property
    def end(self) -> float:
        """End time."""

    @property
    def speaker(self) -> str | None:
        """The speaker, if known."""


@dataclass(frozen=True)
class _Cue:
    text: str
    start_s: float
    end_s: float
    speaker: str | None


def join_texts(texts: Iterable[str]) -> str:
    """Join texts; insert a space where neither has one and their script uses spaces."""
    joined = ""
    for text in texts:
        needs_space = joined[-1:].strip() and text[:1].strip() and not _is_unspaced(joined, text)
        joined += f" {text}" if needs_space else text
    return joined.strip()


def write_srt(segments: Iterable[TimedText], language: str | None = None) -> str:
    """Return segments as SubRip; at a change of speaker the text starts with the name."""
    blocks: list[str] = []
    before: str | None = None
    for number, cue in enumerate(_make_cues(segments), start=1):
        name = f"{cue.speaker or '-'}{': ' if cue.speaker else ' '}"
        text = f"{name if cue.speaker != before else ''}{cue.text}"
        line = _TAG.sub(_WORD_JOINER, _mark_direction(text, _is_right_to_left(cue.text, language)))
        blocks.append(f"{number}\n{_format_times(cue, ',')}\n{line}\n")
        before = cue.speaker
    return "\n".join(blocks)


def write_vtt(segments: Iterable[TimedText], language: str | None = None) -> str:
    """Return segments as WebVTT, each in a voice tag with its speaker, if known."""
    cues = [
        # The text must not be parsed as markup.
        f"\n{_format_times(cue, '.')}\n"
        f"{f'<v {cue.speaker.translate(_ESCAPES)}>' if cue.speaker else ''}"
        f"{_mark_direction(cue.text, _is_right_to_left(cue.text, language)).translate(_ESCAPES)}\n"
        for cue in _make_cues(segments)
    ]
    return "".join(["WEBVTT\n", *cues])


def write_txt(segments: Iterable[TimedText], language: str | None = None) -> str:
    """Return the text in paragraphs, each with its speaker, if known.

    A paragraph ends at a change of speaker, at a long pause after a sentence, or when it is full.
    """
    paragraphs: list[list[TimedText]] = []
    for segment in sorted(segments, key=lambda segment: segment.start):
        if not paragraphs or _is_break(paragraphs[-1], segment):
            paragraphs.append([])
        paragraphs[-1].append(segment)
    written = [_write_paragraph(paragraph, language) for paragraph in paragraphs]
    return "\n".join(f"{text}\n" for text in written)


def _make_cues(segments: Iterable[TimedText]) -> list[_Cue]:
    """Return the cues in order of time; single last words of sentences join the previous cue."""
    cues: list[_Cue] = []
    for segment in sorted(segments, key=lambda segment: segment.start):
        text = " ".join(segment.text.split())
        end_s = max(segment.end, segment.start + LEAST_S)
        cue = _Cue(text, segment.start, end_s, segment.speaker)
        if cues and _is_orphan(cues[-1], cue):
            whole = join_texts([cues[-1].text, text])
            cues[-1] = replace(cues[-1], text=whole, end_s=max(cues[-1].end_s, end_s))
        elif text:
            cues.append(cue)
    closed = list(cues)
    for index, (cue, following) in enumerate(pairwise(cues)):
        if GAP_S < following.start_s - cue.end_s < FLICKER_S:
            closed[index] = replace(cue, end_s=following.start_s - GAP_S)
    return closed


def _is_orphan(before: _Cue, cue: _Cue) -> bool:
    """Return whether a cue is only the last word of the previous cue's sentence."""
    is_part = cue.speaker == before.speaker and not _SENTENCE_END.search(before.text)
    is_close = cue.start_s - before.end_s < ORPHAN_PAUSE_S
    return is_part and is_close and len(cue.text) < ORPHAN_CHARS and " " not in cue.text


def _is_break(paragraph: Sequence[TimedText], segment: TimedText) -> bool:
    last = paragraph[-1]
    chars = sum(len(one.text) for one in paragraph)
    if segment.speaker != last.speaker or chars >= OVERFULL_CHARS:
        return True
    has_ended = bool(_SENTENCE_END.search(last.text.strip()))
    pause_s = segment.start - max(one.end for one in paragraph)
    return has_ended and (pause_s >= PAUSE_S or chars >= FULL_CHARS)


def _write_paragraph(paragraph: Sequence[TimedText], language: str | None) -> str:
    text = join_texts(segment.text for segment in paragraph)
    name = f"{paragraph[0].speaker}: " if paragraph[0].speaker else ""
    return _mark_direction(f"{name}{text}", _is_right_to_left(text, language))


def _is_unspaced(before: str, after: str) -> bool:
    return bool(_UNSPACED.match(before[-1]) or _UNSPACED.match(after[0]))


def _is_right_to_left(text: str, language: str | None) -> bool:
    kinds = [unicodedata.bidirectional(char) for char in text]
    right, left = kinds.count("R") + kinds.count("AL"), kinds.count("L")
    if language in RIGHT_TO_LEFT_LANGUAGES:
        return right > 0 or left == 0
    return right > left


def _mark_direction(line: str, right_to_left: bool) -> str:  # noqa: FBT001 - a property of the line
    """Return a line with the marks of UAX #9 that fix its direction in every player."""
    if line.isascii() and not right_to_left:
        return line
    line = line.translate(_EMBEDDINGS)
    kinds = (unicodedata.bidirectional(char) for char in line)
    starts_right = next((kind != "L" for kind in kinds if kind in {"L", "R", "AL"}), False)
    if right_to_left:
        mark = "" if starts_right else "\u200f"
        return f"\u202b{mark}{line}\u202c"
    return f"\u200e{line}" if starts_right else line


def _format_times(cue: _Cue, point: str) -> str:
    return f"{_format_time(cue.start_s, point)} --> {_format_time(cue.end_s, point)}"


def _format_time(time_s: float, point: str) -> str:
    seconds, milliseconds = divmod(round(time_s * 1000), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{milliseconds:03}"
