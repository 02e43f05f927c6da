"""A first look at a submitted file: is there audio in it, and how much?"""

from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

from services.kit.work import WorkError

# These formats hold no media but point at other files, which are not the client's to read.
REFERENCE_FORMATS = frozenset({"concat", "concatf", "dash", "hls", "imf", "sdp"})


@dataclass(frozen=True)
class Claims:
    """What a file says about itself; only decoding tells the truth, as in a truncated file."""

    channels: int
    duration_s: float | None
    """None when the file does not say."""


def probe(path: Path) -> Claims:
    """Open the file and return what it says, without decoding it.

    Raises:
        WorkError: ``not_audio`` when the file is no media or holds no audio.
    """
    try:
        # Only this file is opened, even if its content names others.
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            channels = [stream.codec_context.channels for stream in container.streams.audio]
            is_reference = bool(REFERENCE_FORMATS & set(container.format.name.split(",")))
            duration_us = container.duration
    except FFmpegError as error:
        raise WorkError("not_audio", "The file is not audio or video that can be read.") from error
    if is_reference or not channels:
        raise WorkError("not_audio", "The file holds no audio.")
    return Claims(channels[0], duration_us / av.time_base if duration_us else None)
