"""The start of a container's time line, and properties of its timestamps by format."""

from typing import Any

from av.container import InputContainer
from av.stream import Disposition, Stream

from services.media.opening import list_format_names

TIMED_FORMATS = frozenset(
    {
        "mov", "mp4", "matroska", "webm", "mpegts", "mpeg", "flv", "live_flv", "avi", "asf", "ogg",
        "nut", "mxf", "rm", "wtv", "gxf", "dv", "nsv", "dhav", "kux", "flac",
    }
)  # fmt: skip
"""Their presentation timestamps are reliable. In other formats, samples are counted."""
ABSOLUTE_FORMATS = frozenset({"mov", "mp4", "matroska", "webm"})
"""Their time line starts at zero and has no discontinuities."""
JUMPING_FORMATS = frozenset({"mpegts", "mpeg", "flv", "live_flv"})
"""Their timestamps may restart or jump where recordings were joined."""
LIVE_FORMATS = frozenset({"flv", "live_flv"})
PACKETIZED_FORMATS = frozenset({"mpegts", "mpeg"})
"""Only some of their packets have timestamps; libav computes the others."""
INDEXED_FORMATS = frozenset({"mov", "mp4"})
"""libav can read one stream of them without reading the others."""
MAX_START_S = 5.0


def list_video_streams(container: InputContainer) -> list[Stream]:
    """Return the video streams without still pictures."""
    return [stream for stream in container.streams.video if not is_still(stream)]


def is_still(stream: Stream) -> bool:
    """Return whether a stream is a still picture, such as a cover."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return bool(stream.disposition & still)


def has_codec(stream: Any) -> bool:
    """Return whether a decoder for the stream is available."""
    return stream.codec_context is not None


def is_timed(container: InputContainer) -> bool:
    """Return whether the timestamps of a container are a time line."""
    return bool(TIMED_FORMATS & list_format_names(container)) or bool(list_video_streams(container))


def find_start_s(container: InputContainer, *, is_fragmented: bool = False) -> float:
    """Return the timestamp at which the time line of a container starts, in seconds.

    Args:
        container: An open container.
        is_fragmented: It is fragmented MP4, which may be an excerpt of a longer stream.
    """
    streams: list[Stream] = [*container.streams.audio, *list_video_streams(container)]
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in streams
        if stream.start_time is not None and stream.time_base
    ]
    start_s = min(starts, default=0.0)
    if is_fragmented or not ABSOLUTE_FORMATS & list_format_names(container):
        return start_s
    # An excerpt of a live stream keeps the timestamps of the stream. A file whose stated duration
    # includes the time before its first packet starts at zero.
    stated_s = (container.duration or 0) / 1e6
    covers_start = stated_s > start_s + MAX_START_S or start_s < MAX_START_S
    return min(0.0, start_s) if covers_start else start_s


def read_stream_duration_s(stream: Any) -> float | None:
    """Return the duration that a stream states, in seconds."""
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)
