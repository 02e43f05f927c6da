"""Settings of access to the API: keys, rate limits, proxies."""

from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from orchestrator.domain.access import ApiKey, parse_keys

__all__ = ["AccessSettings"]


class AccessSettings(BaseSettings):
    """API keys, limits, `/health`, trusted proxies and CORS."""

    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = Field(
        (),
        description="API keys as printed by `python -m web.keys`, separated by commas. If unset, "
        "every client that can reach the API may do everything.",
    )
    rate_limit_submit: str = Field(
        "6000 per minute",
        description="Limit of requests that change something, by key or, without keys, by IP "
        "address; several limits are separated by `;`. Meant to stop runaway scripts. `none` for "
        "no limit.",
    )
    rate_limit_read: str = Field(
        "60000 per minute", description="The same for requests that only read."
    )
    rate_limit_wrong_keys: str = Field(
        "60 per minute",
        description="Limit of wrong API keys from one IP address (IPv6: one /64). Beyond it all "
        "requests from the address get 429 until the window ends. All clients behind a proxy have "
        "one address unless `TRUSTED_PROXIES` is set. `none` for no limit.",
    )
    max_queued_jobs: int = Field(
        100_000,
        gt=0,
        description="Maximum number of unfinished jobs; further submissions get 429. Each needs "
        "about 10 kB in Redis, so 1 GB in all.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="Number of reverse proxies in front of the API whose `X-Forwarded-` headers "
        "are trusted. With 0 the headers are ignored, since every client can send them.",
    )
    cors_origins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Origins of web pages on other hosts that may call the API, separated by "
        "commas, e.g. `https://app.example.com`; `*` for any.",
    )

    @field_validator("api_keys", mode="before")
    @classmethod
    def _read_keys(cls, value: Any) -> Any:
        return parse_keys(value) if isinstance(value, str) else value

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: Any) -> Any:
        if isinstance(value, str):
            return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
        return value
