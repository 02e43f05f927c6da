"""What may be chosen for a video, and the forms of its transcript."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Literal, TypedDict

__all__ = ["CueLimits", "Format", "Options", "to_fields"]


class Format(StrEnum):
    """How a transcript is written down; also the ending of its file's name."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


class Options(TypedDict, total=False):
    """What may be chosen for a video; what is left out takes the operator's default."""

    language: str | None
    """What is spoken, as a code (``pt``; ``pt-BR`` and ``por`` will do), or ``auto``."""
    language_out: str | None
    """Into which language to translate."""
    captions: Literal["ignore", "prefer"] | None
    """``prefer`` takes the publisher's own subtitles where there are some."""
    vocabulary: Sequence[str] | None
    """Names and terms that are spoken."""
    remove_noise: bool | None
    convert_to_mono: bool | None
    apply_highpass_filter: bool | None
    set_sample_rate_16k: bool | None
    isolate_vocals: bool | None
    diarize: bool | None
    """Whether each segment says who speaks."""
    channels: Literal["auto", "mix", "separate"] | None
    """``separate`` transcribes each channel alone, ``mix`` all of them together; ``auto`` separates
    those that clearly carry different voices."""
    audio_track: int | str | None
    """Which audio track of the file to transcribe: its number, from 1, or its language."""
    metadata: Mapping[str, str] | None
    """Notes of your own, by which jobs can be listed."""
    callback_url: str | None
    """Where the API sends a signed notice at the end."""
    priority: Literal["low", "normal", "high"] | None
    force: bool | None
    """Whether the work is done anew where it was done before."""


class CueLimits(TypedDict, total=False):
    """What captions are to look like; what is left out takes the operator's default."""

    max_line_chars: int
    max_lines: int
    min_cue_s: float
    max_cue_s: float
    max_chars_per_s: float
    min_gap_s: float


def to_fields(options: Options) -> Iterator[tuple[str, str]]:
    """Yield options as the text fields of a form; several of one name make a list."""
    for name, value in options.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, Sequence):
            yield from ((name, str(one)) for one in value)
        elif value is not None:
            yield name, json.dumps(value)
