"""Where the time line of a container begins, and whether its timestamps are to be believed."""

from typing import Any

from av.container import InputContainer
from av.stream import Disposition, Stream

from services.media.opening import names_format

TIMED_FORMATS = frozenset(
    {
        "mov", "mp4", "matroska", "webm", "mpegts", "mpeg", "flv", "live_flv", "avi", "asf", "ogg",
        "nut", "mxf", "rm", "wtv", "gxf", "dv", "nsv", "dhav", "kux", "flac",
    }
)  # fmt: skip
"""Their timestamps say when a frame is heard. Others only put one frame after another."""
ABSOLUTE_FORMATS = frozenset({"mov", "mp4", "matroska", "webm"})
"""Their time line begins at zero, and their timestamps do not jump with a new clock."""
JUMPING_FORMATS = frozenset({"mpegts", "mpeg", "flv", "live_flv"})
"""Their timestamps may start again, or jump, where recordings were joined."""
LIVE_FORMATS = frozenset({"flv", "live_flv"})
PACKETIZED_FORMATS = frozenset({"mpegts", "mpeg"})
"""Only some of their packets have timestamps of their own; libav computes the others."""
INDEXED_FORMATS = frozenset({"mov", "mp4"})
"""libav reads one stream of them without reading the others."""
LATEST_START_S = 5.0


def list_pictures(container: InputContainer) -> list[Stream]:
    """Return the streams of moving pictures."""
    return [stream for stream in container.streams.video if not is_still(stream)]


def is_still(stream: Stream) -> bool:
    """Return whether a stream is a still picture that belongs to the file, such as a cover."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return bool(stream.disposition & still)


def has_codec(stream: Any) -> bool:
    """Return whether a stream can be decoded here."""
    return stream.codec_context is not None


def is_timed(container: InputContainer) -> bool:
    """Return whether the timestamps of a container are those of a time line."""
    return bool(TIMED_FORMATS & names_format(container)) or bool(list_pictures(container))


def find_start_s(container: InputContainer, *, is_fragmented: bool = False) -> float:
    """Return the timestamp at which a container's time line begins, in seconds.

    Args:
        container: Any.
        is_fragmented: It is MP4 in fragments, which may be cut out of a longer stream.
    """
    streams: list[Stream] = [*container.streams.audio, *list_pictures(container)]
    starts = [
        float(stream.start_time * stream.time_base)
        for stream in streams
        if stream.start_time is not None and stream.time_base
    ]
    start_s = min(starts, default=0.0)
    if is_fragmented or not ABSOLUTE_FORMATS & names_format(container):
        return start_s
    # A part of a live stream goes on with the time of the whole; a file that claims to be longer
    # than what it holds begins before it.
    claimed_s = (container.duration or 0) / 1e6
    covers_start = claimed_s > start_s + LATEST_START_S or start_s < LATEST_START_S
    return min(0.0, start_s) if covers_start else start_s


def duration_of(stream: Any) -> float | None:
    """Return how long a stream says that it is, in seconds."""
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)
