"""Settings for containers: secrets in files, and a file for the health check."""

from pathlib import Path

from pydantic import Field

from foundation.secret_files import SecretFileSettings

__all__ = ["ContainerSettings"]


class ContainerSettings(SecretFileSettings):
    """Settings that matter in a container."""

    alive_file: Path | None = Field(
        None,
        description="File that a worker touches every 2 s, even without Redis, for the "
        "health check of a container.",
    )
