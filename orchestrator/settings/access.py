"""The part of the settings that says who may call the API, and how often."""

from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode

from orchestrator.domain.access import ApiKey, parse_keys

__all__ = ["AccessSettings"]


class AccessSettings(BaseSettings):
    """Keys, limits, what is told to whoever asks, and what is believed of whoever calls."""

    api_keys: Annotated[tuple[ApiKey, ...], NoDecode] = Field(
        (),
        description="API keys, as `python -m web.keys` prints them, separated by commas. Without "
        "any, everybody who reaches the API may do everything.",
    )
    rate_limit_submit: str = Field(
        "6000 per minute",
        description="Requests that change something, by key, or by address without keys; several "
        "limits are separated by `;`. Generous: it stops runaway scripts. `none` for no limit.",
    )
    rate_limit_read: str = Field(
        "60000 per minute", description="The same for requests that only read."
    )
    rate_limit_wrong_keys: str = Field(
        "60 per minute",
        description="Wrong API keys from one address (IPv6: one /64) before it is answered 429, "
        "whatever key it sends, until the window ends. Guessing is hopeless anyway; it is "
        "noticed, and costs nothing. Everybody behind one proxy is one address, unless "
        "`TRUSTED_PROXIES` is set. `none` for no limit.",
    )
    max_queued_jobs: int = Field(
        100_000,
        gt=0,
        description="Jobs that may be unfinished at once; beyond it submissions are answered "
        "429. Redis takes about 10 kB for each, so 1 GB.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        description="Reverse proxies in front of the API, whose `X-Forwarded-` headers are "
        "believed. With 0 they are ignored, since every client can send them.",
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
