"""The part of the settings that the web page shows."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

__all__ = ["PageSettings"]


class PageSettings(BaseSettings):
    """What the pages link to."""

    flower_url: str = Field(
        "",
        description="Address under which a browser reaches Flower, e.g. `http://localhost:5555`; "
        "the operator's page links to it. No link where unset.",
    )

    @field_validator("flower_url")
    @classmethod
    def _is_address(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url
