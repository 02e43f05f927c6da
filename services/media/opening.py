"""Open media files with libav in this process, and reject files without audio."""

from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import av
from av.container import InputContainer
from av.error import FFmpegError

from services.kit.work import WorkError

# These formats refer to other files, which the client may not read.
REFERENCE_FORMATS = frozenset({"concat", "concatf", "dash", "hls", "imf", "sdp"})
UNREADABLE = "The file is not readable audio or video."
NO_AUDIO = "The file contains no audio."


def open_container(
    source: Path | IO[bytes], options: Mapping[str, str] | None = None
) -> InputContainer:
    """Open a file whose streams include audio; the caller closes it.

    Args:
        source: A path or a seekable file object.
        options: Demuxer options.

    Raises:
        WorkError: ``not_audio`` if the file is not media, has no audio, or refers to other files.
    """
    # libav opens no other file, even if the content refers to one.
    settings: dict[str, Any] = {"protocol_whitelist": "file", **(options or {})}
    file = str(source) if isinstance(source, Path) else source
    try:
        container = av.open(file, "r", options=settings, metadata_errors="replace")
    except (FFmpegError, ValueError) as error:  # ValueError: an empty file object
        raise WorkError("not_audio", UNREADABLE) from error
    is_reference = bool(REFERENCE_FORMATS & list_format_names(container))
    if is_reference or not container.streams.audio:
        container.close()
        raise WorkError("not_audio", NO_AUDIO)
    return container


def list_format_names(container: InputContainer) -> frozenset[str]:
    """Return libav's names of a container's format, for example ``mov`` and ``mp4``."""
    return frozenset(container.format.name.split(","))
