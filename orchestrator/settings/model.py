"""The orchestrator's settings: `Settings`, and `load_settings` that reads them."""

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
    """Defaults of captions; the variables begin with ``CAPTION_``."""

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
    """Everything that can be set, with its unit, its default and the reason for it."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        populate_by_name=True,
        hide_input_in_errors=True,  # an address of Redis may hold a password
    )

    environment: Literal["development", "production", "test"] = Field(
        "development",
        description="Where this runs; shown by `/admin/stats`. In `production` the API does not "
        "start without `API_KEYS`.",
    )

    # Server
    host: str = Field("0.0.0.0", description="Address that the API listens at.")  # noqa: S104 - the seed's default
    port: int = Field(8000, ge=0, le=65535, description="Port that the API listens at.")
    workers: int = Field(4, gt=0, description="Processes of the API.")
    worker_concurrency: int = Field(
        256,
        gt=0,
        description="Turns that one worker process drives at once. A turn is a thread that "
        "mostly waits; 1,700 threads took 192 to 285 MB.",
    )

    # Polling
    poll_interval: float = Field(3, gt=0, description="Longest wait between two polls, in seconds.")
    max_poll_attempts: int = Field(
        600,
        gt=0,
        description="With `POLL_INTERVAL` the deadline of a stage: 600 × 3 s = 30 min.",
    )
    turn_s: float = Field(
        60,
        gt=0,
        validation_alias="TURN_SECONDS",
        description="Seconds after which a turn hands itself back, so that no worker keeps a job "
        "for long.",
    )
    poll_wait_s: float = Field(
        20,
        ge=0,
        validation_alias="POLL_WAIT_SECONDS",
        description="Seconds that a service is asked to hold a poll open (`Prefer: wait`); most "
        "proxies cut connections at 30 to 60 s of silence.",
    )

    # Retry
    http_max_retries: int = Field(
        3, ge=0, description="Repetitions of one call inside one turn after a transient error."
    )
    retry_backoff_base_s: float = Field(
        1.5,
        gt=0,
        validation_alias="RETRY_BACKOFF_BASE_SECONDS",
        description="Longest wait before the first repetition, in seconds; it doubles with each, "
        "and the wait is drawn evenly from zero up to it (full jitter).",
    )
    stage_max_attempts: int = Field(
        3, gt=0, description="Remote jobs that a stage may use up before the job fails."
    )
    breaker_open_s: float = Field(
        10,
        gt=0,
        validation_alias="BREAKER_OPEN_SECONDS",
        description="Seconds between two trials of a service whose breaker is open.",
    )

    # Lifetimes and deadlines
    cache_ttl_hours: float = Field(
        24, gt=0, description="Hours that a finished job and its work are kept."
    )
    cache_shared: bool = Field(
        default=False,
        description="Whether finished work is shared between owners.",
    )
    job_timeout_minutes: float = Field(
        60, gt=0, description="Minutes that a job may take, without what it waits in lines."
    )
    max_wait_hours: float = Field(
        24,
        gt=0,
        description="Hours that a job may wait in all: in line, for an open breaker, in a "
        "service's queue.",
    )
    shutdown_transfer_s: float = Field(
        25,
        ge=0,
        validation_alias="SHUTDOWN_TRANSFER_SECONDS",
        description="Seconds that a transfer under way may still take when its worker is told to "
        "stop; below the 30 s after which Kubernetes kills.",
    )

    service_token: SecretStr | None = Field(
        None,
        description="Sent to every service as `Authorization: Bearer`; give the services the same. "
        "Nothing is sent if unset.",
    )

    factory_reset_confirm: bool = Field(
        default=False,
        description='Whether `/admin/factory-reset` needs the body `{"confirm": "factory-reset"}`.',
    )

    # What clients may ask for
    allowed_sources: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(),
        description="Host names beside YouTube's that are accepted as a source, separated by "
        "commas; `*` for any.",
    )
    webhook_secret: SecretStr | None = Field(
        None,
        description="What notices to clients are signed with: `whsec_` and 24 to 64 bytes in "
        "base64. Several, separated by commas, while one replaces another. Without it "
        "`callback_url` is refused.",
    )
    webhook_backoff_base_s: float = Field(
        5,
        gt=0,
        validation_alias="WEBHOOK_BACKOFF_BASE_SECONDS",
        description="Seconds between the first attempt to deliver a notice and the second; with "
        "5 s the ten attempts are spread over 23 hours.",
    )
    max_file_size_mb: int = Field(
        2048, gt=0, description="Longest file that may be uploaded, in MiB, to protect the disk."
    )
    uploads_dir: str = Field(
        "var/uploads",
        description="Folder of uploads until their jobs are gone. API and workers share it: with "
        "several machines it lies on a volume that all of them mount.",
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Whether clients' addresses may lead into private networks. For the demo and "
        "for tests only: it opens everything that this machine can reach to every client.",
    )
    default_language: str = Field("auto", description="Language where a request names none.")
    default_remove_noise: bool = Field(default=True, description="Default of `remove_noise`.")
    default_convert_mono: bool = Field(default=True, description="Default of `convert_to_mono`.")
    default_sample_rate_16k: bool = Field(
        default=True, description="Default of `set_sample_rate_16k`."
    )

    cue_style: Annotated[CueStyle, NoDecode] = Field(
        default_factory=CueStyle,
        validation_alias="ORCHESTRATOR_CUE_STYLE",
        description="Filled from the variables that begin with `CAPTION_`.",
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
        """Seconds that one stage may take."""
        return self.poll_interval * self.max_poll_attempts

    @cached_property
    def job_limit_s(self) -> float:
        """Seconds that one job may take."""
        return self.job_timeout_minutes * 60

    @cached_property
    def webhook_secrets(self) -> tuple[bytes, ...]:
        """The keys that notices are signed with."""
        secret = self.webhook_secret
        return read_keys(secret.get_secret_value()) if secret else ()

    @cached_property
    def max_file_bytes(self) -> int:
        """Bytes that an upload may have."""
        return self.max_file_size_mb * 1024 * 1024

    @cached_property
    def retention_s(self) -> float:
        """Seconds that a finished job is kept."""
        return self.cache_ttl_hours * 3600


def load_settings(*, env_files: tuple[str, ...] = _ENV_FILES, **overrides: Any) -> Settings:
    """Read the settings from the environment and from `.env` files.

    Args:
        env_files: Files that are read where they exist; the environment wins over them.
        **overrides: Fields by name that win over both, for tests.

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
