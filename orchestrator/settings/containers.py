"""The part of the settings that a container needs: secrets in files, and a sign for its probe."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource

__all__ = ["ContainerSettings"]


class ContainerSettings(BaseSettings):
    """How a container is given secrets, and how it shows that it lives."""

    secrets_dir: ClassVar = Path("/run/secrets")
    """Where Docker puts secrets: a file for each, named like its variable."""

    alive_file: Path | None = Field(
        None,
        description="File that a worker touches every `HEARTBEAT_INTERVAL_SECONDS`, Redis or not: "
        "what a container's health check looks at, since it costs nothing.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let secrets win: they are put there on purpose, variables may be somebody's defaults.

        The library's own place for them warns of a folder that is absent.
        """
        rest = (env_settings, dotenv_settings, file_secret_settings)
        if cls.secrets_dir.is_dir():
            secrets = SecretsSettingsSource(settings_cls, secrets_dir=cls.secrets_dir)
            return (init_settings, secrets, *rest)
        return (init_settings, *rest)
