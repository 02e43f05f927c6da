"""Opens media files with libav, in this process, and names what cannot be opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import av
from av.container import InputContainer
from av.error import FFmpegError

from services.kit.work import WorkError

# These formats hold no media but point at other files, which are not the client's to read.
REFERENCE_FORMATS = frozenset({"concat", "concatf", "dash", "hls", "imf", "sdp"})
UNREADABLE = "The file is not audio or video that can be read."
NO_AUDIO = "The file holds no audio."


def open_container(
    source: Path | IO[bytes], options: Mapping[str, str] | None = None
) -> InputContainer:
    """Open a file whose streams include audio; the caller closes it.

    Args:
        source: A path, or a file object that can seek.
        options: Options of the demuxer.

    Raises:
        WorkError: ``not_audio`` when the file is no media, has no audio, or refers to others.
    """
    # libav opens no other file, even if the content names some.
    settings: dict[str, Any] = {"protocol_whitelist": "file", **(options or {})}
    file = str(source) if isinstance(source, Path) else source
    try:
        container = av.open(file, "r", options=settings, metadata_errors="replace")
    except (FFmpegError, ValueError) as error:  # ValueError: an empty file object
        raise WorkError("not_audio", UNREADABLE) from error
    is_reference = bool(REFERENCE_FORMATS & names_format(container))
    if is_reference or not container.streams.audio:
        container.close()
        raise WorkError("not_audio", NO_AUDIO)
    return container


def names_format(container: InputContainer) -> frozenset[str]:
    """Return the names that libav has for a container's format, for example ``mov`` and ``mp4``."""
    return frozenset(container.format.name.split(","))
