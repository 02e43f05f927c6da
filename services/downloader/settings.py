"""The downloader's settings, read from the environment."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, FilePath, field_validator
from pydantic_settings import NoDecode

from services.kit.settings import ServiceSettings


class DownloaderSettings(ServiceSettings):
    """Settings of the downloader, in addition to the shared ones."""

    port: int = Field(8001, ge=1, le=65535, description="Port that the API listens on.")
    artifacts_dir: Path = Field(
        Path("var/artifacts/downloader"),
        description="Folder of results; the API and its workers share it.",
    )
    max_duration_minutes: float = Field(
        720, gt=0, description="Longest video taken, in minutes: as much as the next service takes."
    )
    download_timeout_minutes: float = Field(
        60,
        gt=0,
        description="Minutes that one download may take, from its first request on. A radio "
        "station without an end is stopped by it, or by `MAX_FILE_SIZE_MB`.",
    )
    max_playlist_items: int = Field(
        500, ge=1, description="Most videos that are listed of a playlist or a channel."
    )
    cookies_file: FilePath | None = Field(
        None,
        description="Cookies in Netscape's format, e.g. of an account that may see members' "
        "videos. Only read: what sites set is forgotten after each download.",
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        repr=False,  # they may hold passwords
        description="Proxies that take turns, separated by commas, e.g. `socks5h://host:1080`. "
        "What they connect to is out of this service's sight: let them refuse private networks.",
    )
    proxy_cooldown_s: float = Field(
        900,
        gt=0,
        validation_alias="PROXY_COOLDOWN_SECONDS",
        description="Seconds that a proxy rests after a site answered it 403 or 429.",
    )
    user_agent: str | None = Field(
        None, description="What is sent as `User-Agent`; yt-dlp's own choice if unset."
    )
    youtube_clients: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="YouTube's players to pose as, separated by commas, e.g. `web_safari,tv`; "
        "yt-dlp's own choice if empty.",
    )
    request_interval_s: float = Field(
        0,
        ge=0,
        validation_alias="REQUEST_INTERVAL_SECONDS",
        description="Average seconds between two downloads from one site, over all workers; sites "
        "that rate-limit ask for some. It varies by a third, since a steady beat stands out.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Whether downloads may reach private networks. For the demo and for tests "
        "only: it opens everything that this machine can reach to every caller.",
    )

    @field_validator("proxies", "youtube_clients", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
