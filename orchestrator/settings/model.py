"""`Settings` and `load_settings`, which reads them from the environment."""

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from orchestrator.captions import CueStyle
from orchestrator.captions.style import MaxCharsPerS, MaxLineChars, MaxLines
from orchestrator.domain.languages import AUTO, find_code
from orchestrator.domain.pipeline import SERVICES, Service
from orchestrator.domain.signatures import read_keys
from orchestrator.errors import SettingsError
from orchestrator.settings.access import AccessSettings
from orchestrator.settings.batches import BatchSettings
from orchestrator.settings.constants import RETIRED, Constants
from orchestrator.settings.containers import ContainerSettings
from orchestrator.settings.log import LogSettings
from orchestrator.settings.operating import OperatingSettings
from orchestrator.settings.pages import PageSettings
from orchestrator.settings.redis import RedisSettings
from orchestrator.settings.services import ServiceSettings

__all__ = ["CueStyleSettings", "Settings", "load_settings"]

_ENV_FILES = (".env", "orchestrator/.env")
_STYLE = CueStyle()


class CueStyleSettings(BaseSettings):
    """Defaults of captions; the variables start with ``CAPTION_``."""

    model_config = SettingsConfigDict(
        extra="ignore",
        env_ignore_empty=True,
        alias_generator=lambda name: f"CAPTION_{name.upper()}",
    )

    max_line_chars: MaxLineChars = _STYLE.max_line_chars
    max_lines: MaxLines = _STYLE.max_lines
    max_chars_per_s: MaxCharsPerS = _STYLE.max_chars_per_s


class Settings(
    RedisSettings,
    BatchSettings,
    AccessSettings,
    PageSettings,
    LogSettings,
    OperatingSettings,
    Constants,
    ContainerSettings,
):
    """All settings, with units, defaults and reasons."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # the URL of Redis may contain a password
    )

    environment: Literal["development", "production", "test"] = Field(
        "development",
        description="The environment, shown by `/admin/stats`. In `production` the API does not "
        "start without `API_KEYS`.",
    )

    # Server
    host: str = Field("0.0.0.0", description="Address that the API listens on.")  # noqa: S104 - the seed's default
    port: int = Field(8000, ge=0, le=65535, description="Port that the API listens on.")
    workers: int = Field(4, gt=0, description="Number of API processes.")
    worker_concurrency: int = Field(
        256,
        gt=0,
        description="Maximum number of concurrent turns per worker process. A turn is a thread "
        "that mostly waits; 1,700 threads needed 192 to 285 MB.",
    )

    # Polling
    poll_interval: float = Field(3, gt=0, description="Maximum wait between two polls, in seconds.")
    max_poll_attempts: int = Field(
        600,
        gt=0,
        description="Multiplied by `POLL_INTERVAL`, the deadline of a stage: 600 × 3 s = 30 min.",
    )
    turn_s: float = Field(
        60,
        gt=0,
        validation_alias="TURN_SECONDS",
        description="Seconds after which a turn re-enqueues its job, so that no worker keeps a job "
        "for long.",
    )
    poll_wait_s: float = Field(
        20,
        ge=0,
        validation_alias="POLL_WAIT_SECONDS",
        description="Seconds that a service is asked to hold a poll open (`Prefer: wait`); most "
        "proxies close connections after 30 to 60 s of silence.",
    )

    # Retry
    http_max_retries: int = Field(
        3, ge=0, description="Retries of a call within a turn after a transient error."
    )
    retry_backoff_base_s: float = Field(
        1.5,
        gt=0,
        validation_alias="RETRY_BACKOFF_BASE_SECONDS",
        description="Maximum wait before the first retry, in seconds; it doubles with each retry, "
        "and the wait is random between zero and the maximum (full jitter).",
    )
    stage_max_attempts: int = Field(
        3, gt=0, description="Maximum number of remote jobs of a stage before the job fails."
    )
    breaker_open_s: float = Field(
        10,
        gt=0,
        validation_alias="BREAKER_OPEN_SECONDS",
        description="Seconds between two trials of a service whose breaker is open.",
    )

    # Lifetimes and deadlines
    cache_ttl_hours: float = Field(
        24, gt=0, description="Hours that a finished job and its results are kept."
    )
    cache_shared: bool = Field(
        default=False,
        description="Whether finished work is shared between owners.",
    )
    job_timeout_minutes: float = Field(
        60, gt=0, description="Timeout of a job in minutes, without its time in queues."
    )
    max_wait_hours: float = Field(
        24,
        gt=0,
        description="Maximum total wait of a job in hours: for admission, for an open breaker and "
        "in a service's queue.",
    )
    shutdown_transfer_s: float = Field(
        25,
        ge=0,
        validation_alias="SHUTDOWN_TRANSFER_SECONDS",
        description="Seconds that a stopping worker lets a running transfer continue; below the "
        "30 s after which Kubernetes kills the process.",
    )

    service_token: SecretStr | None = Field(
        None,
        description="Token that is sent to every service as `Authorization: Bearer`; set the same "
        "in the services. No token is sent if unset.",
    )

    factory_reset_confirm: bool = Field(
        default=False,
        description='Whether `/admin/factory-reset` needs the body `{"confirm": "factory-reset"}`.',
    )

    # What clients may ask for
    allowed_sources: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Host names, besides YouTube's, that are accepted as sources, separated by "
        "commas; `*` for any.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="Secret that signs webhooks: `whsec_` and 24 to 64 bytes in base64. Several, "
        "separated by commas, during a rotation. Without it `callback_url` is refused.",
    )
    webhook_backoff_base_s: float = Field(
        5,
        gt=0,
        validation_alias="WEBHOOK_BACKOFF_BASE_SECONDS",
        description="Seconds between the first and the second attempt to deliver a webhook; with "
        "5 s the ten attempts are spread over 23 hours.",
    )
    max_file_size_mb: int = Field(2048, gt=0, description="Maximum size of an upload, in MiB.")
    uploads_dir: str = Field(
        "var/uploads",
        description="Folder of uploads until their jobs are removed. API and workers share it; "
        "several hosts need a shared volume.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Whether clients' URLs may lead into private networks. Only for the demo and "
        "tests: every client can then reach everything that this host can reach.",
    )
    default_language: str = Field("auto", description="Language of requests without one.")
    default_remove_noise: bool = Field(default=True, description="Default of `remove_noise`.")
    default_convert_mono: bool = Field(default=True, description="Default of `convert_to_mono`.")
    default_sample_rate_16k: bool = Field(
        default=True, description="Default of `set_sample_rate_16k`."
    )

    cue_style: Annotated[CueStyle, NoDecode] = Field(
        default_factory=CueStyle,
        validation_alias="ORCHESTRATOR_CUE_STYLE",
        description="Filled from the variables that start with `CAPTION_`.",
    )
    services: Annotated[Mapping[str, ServiceSettings], NoDecode] = Field(
        default_factory=dict,
        validation_alias="ORCHESTRATOR_SERVICES",
        description="Filled from the services' own variables.",
    )

    @field_validator("allowed_sources", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
        return value

    @field_validator("default_language")
    @classmethod
    def _is_language(cls, tag: str) -> str:
        code = AUTO if tag.strip().lower() == AUTO else find_code(tag)
        if code is None:
            raise ValueError("must be auto or a language code, e.g. pt, por or pt-BR")
        return code

    @field_validator("webhook_secret")
    @classmethod
    def _is_webhook_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            read_keys(secret.get_secret_value())
        return secret

    @cached_property
    def stage_limit_s(self) -> float:
        """The timeout of a stage, in seconds."""
        return self.poll_interval * self.max_poll_attempts

    @cached_property
    def job_limit_s(self) -> float:
        """The timeout of a job, in seconds."""
        return self.job_timeout_minutes * 60

    @cached_property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The keys that sign webhooks."""
        secret = self.webhook_secret
        return read_keys(secret.get_secret_value()) if secret else ()

    @cached_property
    def max_file_bytes(self) -> int:
        """The maximum size of an upload, in bytes."""
        return self.max_file_size_mb * 1024 * 1024

    @cached_property
    def retention_s(self) -> float:
        """The retention of a finished job, in seconds."""
        return self.cache_ttl_hours * 3600


def load_settings(*, env_files: tuple[str, ...] = _ENV_FILES, **overrides: Any) -> Settings:
    """Read the settings from the environment and from `.env` files.

    Args:
        env_files: Files to read if they exist; the environment has priority.
        **overrides: Fields by name, with priority over both, for tests.

    Raises:
        SettingsError: A variable has an invalid value, or is none any more; the message names it.
    """
    _refuse_retired(env_files)
    try:
        services = {
            service.name: _load_service(service, env_files) for service in SERVICES.values()
        }
        style = CueStyle.model_validate(CueStyleSettings(_env_file=env_files).model_dump())
        found: dict[str, Any] = {"services": services, "cue_style": style}
        return Settings(_env_file=env_files, **found | overrides)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}"
            for problem in error.errors(include_input=False)
        )
        raise SettingsError(f"Cannot use the settings: {problems}") from error


def _refuse_retired(env_files: tuple[str, ...]) -> None:
    """Raise `SettingsError` if a variable is set that an earlier version had."""
    given = {name.upper() for file in env_files for name in dotenv_values(file)}
    found = sorted(RETIRED.keys() & (given | {name.upper() for name in os.environ}))
    if found:
        advice = "; ".join(f"{name}: {RETIRED[name]}" for name in found)
        raise SettingsError(f"Remove settings that no longer exist: {advice}")


def _load_service(service: Service, env_files: tuple[str, ...]) -> ServiceSettings:
    """Read one service's variables, e.g. ``AUDIO_TRANSCRIBER_URL``."""
    model = create_model(
        f"{service.variable}_Settings",
        __base__=ServiceSettings,
        url=(
            str,
            Field(service.default_url, validation_alias=f"{service.variable}_URL", repr=False),
        ),
        timeout=(
            float,
            Field(service.default_timeout_s, gt=0, validation_alias=f"{service.variable}_TIMEOUT"),
        ),
        max_inflight=(
            int,
            Field(1000, gt=0, validation_alias=f"MAX_INFLIGHT_{service.variable}"),
        ),
    )
    return model(_env_file=env_files)
