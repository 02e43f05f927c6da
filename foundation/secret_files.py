"""Read settings from the files in which Docker and Kubernetes pass secrets to a container."""

from pathlib import Path
from typing import ClassVar

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource

__all__ = ["SecretFileSettings"]


class SecretFileSettings(BaseSettings):
    """Settings that are also read from ``/run/secrets``: one file per setting, named like it."""

    secrets_dir: ClassVar = Path("/run/secrets")
    """Where Docker mounts secrets."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let a secret file override a variable, which may come from a default of an image.

        The `secrets_dir` option of pydantic-settings would warn if the folder does not exist.
        """
        rest = (env_settings, dotenv_settings, file_secret_settings)
        if cls.secrets_dir.is_dir():
            secrets = SecretsSettingsSource(settings_cls, secrets_dir=cls.secrets_dir)
            return (init_settings, secrets, *rest)
        return (init_settings, *rest)
