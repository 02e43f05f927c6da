"""Settings of one service: URLs, timeout, limit."""

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.logins import hide_login

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """Settings of a service; the variables start with its name, e.g. ``VIDEO_DOWNLOADER_``."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # a URL may hold a password
    )

    url: str = Field(
        repr=False,
        description="URL of the service; several instances, separated by commas, share its jobs. "
        "A login in it (`http://user:password@host`, percent-encoded) is sent as Basic "
        "authentication instead of `SERVICE_TOKEN`; `~/.netrc` is not read. Proxies and "
        "certificate authorities come from `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and "
        "`REQUESTS_CA_BUNDLE` in the environment of the process; only `make run` reads them from "
        "a `.env` file.",
    )
    timeout: float = Field(
        gt=0,
        description="Timeout of a whole transfer to or from the service, in seconds.",
    )
    max_inflight: int = Field(
        1000,
        gt=0,
        description="Maximum number of jobs that the service has at once; others wait in the "
        "admission queue. High, since a service with its own queue responds with 429 when full.",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        urls = [one.strip().rstrip("/") for one in url.split(",") if one.strip()]
        if not urls or not all(one.startswith(("http://", "https://")) for one in urls):
            raise ValueError("must start with http:// or https://")
        if not all(map(_can_be_called, urls)):
            raise ValueError(
                "must be http://host:port, optionally with a path; in a login, write / ? # @ and , "
                "as %2F %3F %23 %40 and %2C"
            )
        return ",".join(dict.fromkeys(urls))

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """The URLs of the instances without logins, as in Redis, logs and `/health`."""
        return tuple(self.with_logins)

    @cached_property
    def with_logins(self) -> Mapping[str, str]:
        """The URLs with logins, by the URLs of `urls`."""
        return {hide_login(url): url for url in self.url.split(",")}


def _can_be_called(url: str) -> bool:
    """Return whether a URL has a host and can be the prefix of a path.

    A login with a character that ends the host, such as a slash, would not be recognized as one
    and would be logged.
    """
    try:
        parts = urlsplit(hide_login(url))
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_complete and not any(mark in url for mark in "?#\\") and "@" not in parts.path
