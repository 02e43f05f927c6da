"""The options of a job, and the formats of its transcript."""

import json
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Literal, TypedDict

__all__ = ["CueLimits", "Format", "Options", "to_fields"]


class Format(StrEnum):
    """The format of a transcript; also its file extension."""

    TXT = "txt"
    SRT = "srt"
    VTT = "vtt"
    JSON = "json"


class Options(TypedDict, total=False):
    """The options of a job; omitted ones have the server's defaults."""

    language: str | None
    """The spoken language as a code (``pt``, also ``pt-BR`` or ``por``), or ``auto``."""
    language_out: str | None
    """The language to translate into."""
    captions: Literal["ignore", "prefer"] | None
    """``prefer`` uses the publisher's captions, if there are any."""
    vocabulary: Sequence[str] | None
    """Names and terms to expect."""
    remove_noise: bool | None
    convert_to_mono: bool | None
    apply_highpass_filter: bool | None
    set_sample_rate_16k: bool | None
    isolate_vocals: bool | None
    diarize: bool | None
    """Whether to label segments with speakers."""
    channels: Literal["auto", "mix", "separate"] | None
    """``separate`` transcribes each channel on its own, ``mix`` all channels together; ``auto``
    separates channels that clearly carry different voices."""
    audio_track: int | str | None
    """The audio track to transcribe: its number, from 1, or its language."""
    metadata: Mapping[str, str] | None
    """Your own key-value pairs; jobs can be listed by them."""
    callback_url: str | None
    """The URL for a signed webhook when the job has ended."""
    priority: Literal["low", "normal", "high"] | None
    force: bool | None
    """Whether to repeat all work instead of reusing earlier results."""


class CueLimits(TypedDict, total=False):
    """The limits of caption cues; omitted ones have the server's defaults."""

    max_line_chars: int
    max_lines: int
    min_cue_s: float
    max_cue_s: float
    max_chars_per_s: float
    min_gap_s: float


def to_fields(options: Options) -> Iterator[tuple[str, str]]:
    """Yield options as text fields of a form; a list yields several fields of one name."""
    for name, value in options.items():
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, Sequence):
            yield from ((name, str(one)) for one in value)
        elif value is not None:
            yield name, json.dumps(value)
