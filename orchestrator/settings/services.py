"""How to reach one service."""

from collections.abc import Mapping
from functools import cached_property
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from foundation.logins import hide_login

__all__ = ["ServiceSettings"]


class ServiceSettings(BaseSettings):
    """How to reach one service; the variables begin with its name, e.g. ``VIDEO_DOWNLOADER_``."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # a URL may hold a password
    )

    url: str = Field(
        repr=False,
        description="URL of the service; several, separated by commas, share its jobs. A login "
        "in it (`http://user:password@host`, percent-encoded) is sent as Basic authentication, "
        "instead of `SERVICE_TOKEN`; `~/.netrc` is not read. Proxies and certificate authorities "
        "come from `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and `REQUESTS_CA_BUNDLE` in the "
        "environment of the process; in a `.env` file only `make run` finds them.",
    )
    timeout: float = Field(
        gt=0,
        description="Seconds that one whole transfer to or from the service may take.",
    )
    max_inflight: int = Field(
        1000,
        gt=0,
        description="Jobs that the service is given at once; the rest stand in line here. "
        "Generous: a service with a queue of its own says 429 when it is full.",
    )

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        urls = [one.strip().rstrip("/") for one in url.split(",") if one.strip()]
        if not urls or not all(one.startswith(("http://", "https://")) for one in urls):
            raise ValueError("must begin with http:// or https://")
        if not all(map(_can_be_called, urls)):
            raise ValueError(
                "must be http://host:port, with a path at most; write / ? # @ and , in a login as "
                "%2F %3F %23 %40 and %2C"
            )
        return ",".join(dict.fromkeys(urls))

    @cached_property
    def urls(self) -> tuple[str, ...]:
        """The URLs of its instances without logins, as Redis, logs and `/health` name them."""
        return tuple(self.with_logins)

    @cached_property
    def with_logins(self) -> Mapping[str, str]:
        """The URLs that are called, by those of `urls`."""
        return {hide_login(url): url for url in self.url.split(",")}


def _can_be_called(url: str) -> bool:
    """Whether a URL has a host and can be put before a path.

    A login with a character that ends the host, such as a slash, would not be taken for a login,
    and would be shown.
    """
    try:
        parts = urlsplit(hide_login(url))
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return is_complete and not any(mark in url for mark in "?#\\") and "@" not in parts.path
