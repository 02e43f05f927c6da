"""The downloader's settings, read from the environment."""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field, FilePath, field_validator
from pydantic_settings import NoDecode

from services.downloader.timing import Timing
from services.kit.settings import ServiceSettings


class DownloaderSettings(ServiceSettings):
    """Settings of the downloader, in addition to the shared ones."""

    port: int = Field(8001, ge=1, le=65535, description="Port that the API listens on.")
    artifacts_dir: Path = Field(
        Path("var/artifacts/downloader"),
        description="Folder of results, shared by the API and its workers.",
    )
    max_duration_minutes: float = Field(
        720,
        gt=0,
        description="Maximum duration of a video, in minutes; the same as the normalizer's.",
    )
    download_timeout_minutes: float = Field(
        60,
        gt=0,
        description="Maximum duration of a download, in minutes, from its first request. It also "
        "stops endless streams such as radio stations, as does `MAX_FILE_SIZE_MB`.",
    )
    max_playlist_items: int = Field(
        500,
        ge=1,
        description="Maximum number of videos that are listed of a playlist or a channel.",
    )
    cookies_file: FilePath | None = Field(
        None,
        description="Cookies in Netscape format, e.g. of an account with access to members' "
        "videos. The file is only read; cookies that sites set are discarded after each download.",
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        repr=False,  # they may contain passwords
        description="Proxies to rotate, separated by commas, e.g. `socks5h://host:1080`. The "
        "service cannot check what they connect to: configure them to refuse private networks.",
    )
    proxy_cooldown_s: float = Field(
        900,
        gt=0,
        validation_alias="PROXY_COOLDOWN_SECONDS",
        description="Seconds for which a proxy is not used after a site answered it 403 or 429.",
    )
    user_agent: str | None = Field(
        None, description="Value of the `User-Agent` header; chosen by yt-dlp if unset."
    )
    youtube_clients: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="YouTube players to emulate, separated by commas, e.g. `web_safari,tv`; chosen "
        "by yt-dlp if empty.",
    )
    request_interval_s: float = Field(
        0,
        ge=0,
        validation_alias="REQUEST_INTERVAL_SECONDS",
        description="Average seconds between two downloads from one site, across all workers, for "
        "sites with rate limits. It varies by a third, because regular intervals look automated.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Whether downloads may reach private networks. For the demo and for tests "
        "only: it gives every client access to all that this machine can reach.",
    )

    timing: ClassVar[Timing] = Timing()
    """Fixed timeouts and pauses; tests shorten them."""

    @field_validator("proxies", "youtube_clients", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
