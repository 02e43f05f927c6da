"""Settings of the web pages."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

__all__ = ["PageSettings"]


class PageSettings(BaseSettings):
    """Links of the pages."""

    flower_url: str = Field(
        "",
        description="URL of Flower for browsers, e.g. `http://localhost:5555`; the operator's page "
        "links to it. No link if unset.",
    )

    @field_validator("flower_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url
