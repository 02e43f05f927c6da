"""What a submission to the downloader may ask for."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from services.kit.work import WorkError

MAX_URL_CHARS = 2048


class SubmissionOptions(BaseModel):
    """Which video, and what of it."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS)
    """The address of one video, or of a page or a file that holds one."""
    quality: Literal["audio", "best", "720p", "480p", "360p"] = "audio"
    """The best audio as it is, or a video of at most this height."""
    captions: str | None = Field(None, pattern=r"^(auto|[a-z]{2,3})$")
    """Take the publisher's own subtitles in this language instead, where there are some."""


class PlaylistOptions(BaseModel):
    """Which playlist or channel to list."""

    model_config = ConfigDict(frozen=True)

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS)
    """The address of a playlist, a channel, or a page that leads to several videos."""
    kind: Literal["playlist"] = "playlist"
    """Tells this kind of submission from that of a video."""


def check(options: SubmissionOptions | PlaylistOptions) -> None:
    """Refuse addresses that are not of the web.

    Raises:
        WorkError: ``unsupported_url`` when it is not http or https, or names no host.
    """
    try:
        address = urlsplit(options.url)
        # A host that has no form on the wire is refused here too.
        is_web = address.scheme in {"http", "https"} and bool(
            (address.hostname or "").encode("idna")
        )
        is_web = is_web and address.port != 0  # reading it checks it
    except ValueError:
        is_web = False
    if not is_web:
        raise WorkError("unsupported_url", "Only http and https addresses can be downloaded.")
