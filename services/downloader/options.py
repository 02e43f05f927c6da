"""The options of submissions to the downloader."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from services.kit.work import WorkError

MAX_URL_CHARS = 2048


class SubmissionOptions(BaseModel):
    """Options of a download: the URL and what to extract."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS)
    """The URL of a video, a media file, or a page with a video."""
    quality: Literal["audio", "best", "720p", "480p", "360p"] = "audio"
    """The best audio without re-encoding, or a video of at most this height."""
    captions: str | None = Field(None, pattern=r"^(auto|[a-z]{2,3})$")
    """The language in which to prefer the publisher's subtitles over the media, if available."""


class PlaylistOptions(BaseModel):
    """Options of a playlist listing."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS)
    """The URL of a playlist, a channel, or a page with several videos."""
    kind: Literal["playlist"] = "playlist"
    """Distinguishes this submission from that of a video."""


def check(options: SubmissionOptions | PlaylistOptions) -> None:
    """Check that the URL is an http or https URL with a host.

    Raises:
        WorkError: ``unsupported_url`` if it is not.
    """
    try:
        parts = urlsplit(options.url)
        # Encoding the host and reading the port also validates them.
        is_web = parts.scheme in {"http", "https"} and bool((parts.hostname or "").encode("idna"))
        is_web = is_web and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web:
        raise WorkError(
            "unsupported_url",
            "The URL is not supported; submit an http or https URL with a valid host name.",
        )
