"""Numbers that no operator has to choose, each with its reason.

They are fields of `Settings`, so that tests can shorten them. No environment variable sets them.
"""

from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

__all__ = ["RETIRED", "Constants"]

RETIRED = {
    "BREAKER_THRESHOLD": "it is always 5; BREAKER_OPEN_SECONDS sets how long a breaker stays open",
    "CAPTION_MAX_CUE_S": "pass `max_cue_s` with a request",
    "CAPTION_MIN_CUE_S": "pass `min_cue_s` with a request",
    "CAPTION_MIN_GAP_S": "pass `min_gap_s` with a request",
    "HEALTH_FRESH_SECONDS": "it is always 2 s",
    "HEALTH_TIMEOUT_SECONDS": "it is always 1.5 s",
    "HEARTBEAT_INTERVAL_SECONDS": "it is always 2 s",
    "HEARTBEAT_TTL_SECONDS": "it is always 8 s",
    "IDEMPOTENCY_TTL_HOURS": "keys are kept as long as their jobs: CACHE_TTL_HOURS",
    "LOG_MAX_AGE_HOURS": "the log is always rotated after a week; LOG_MAX_BYTES sets the size",
    "NOT_VISIBLE_SECONDS": "it is always 10 s",
    "REDIS_POOL_WAIT_SECONDS": "it is always 0.8 s; REDIS_MAX_CONNECTIONS sets the pool's size",
    "SSE_HEARTBEAT_SECONDS": "it is always 15 s",
    "STATUS_TIMEOUT_SECONDS": "it is always 10 s",
    "WAIT_MAX_SECONDS": "it is always 60 s",
    "WEBHOOK_TIMEOUT_SECONDS": "it is always 15 s",
    "WORKER_ONE_CPU": "pin workers with taskset or systemd's CPUAffinity",
}
"""Environment variables of version 1.0 that are gone, and what holds or does the same now."""


class Constants(BaseSettings):
    """Numbers that are the same everywhere."""

    health_timeout_s: float = 1.5
    """For Redis and each service to answer `/health`; load balancers wait 2 s at least."""
    health_fresh_s: float = 2.0
    """How long a `/health` report is reused: load balancers ask from several machines."""
    heartbeat_interval_s: float = 2.0
    """Between two heartbeats of a worker, and between two rounds of the reconciler."""
    heartbeat_ttl_s: float = 8.0
    """After this without a heartbeat a worker counts as dead: longer than an interval and one
    slow Redis command (`REDIS_TIMEOUT_SECONDS`)."""
    breaker_threshold: int = 5
    """Turns in a row that a service fails before its breaker opens."""
    status_timeout_s: float = 10.0
    """For the response to a small call, beyond the time that the service was asked to wait."""
    not_visible_s: float = 10.0
    """After a submission a 404 means "not visible yet" for so long: a service may accept jobs
    before its replicas know them."""
    wait_max_s: float = 60.0
    """Longest `Prefer: wait` of a client; most proxies close a silent connection after 60 s."""
    sse_heartbeat_s: float = 15.0
    """Silence after which an event stream sends a comment; some proxies close after 30 s."""
    webhook_timeout_s: float = 15.0
    """For one delivery attempt, as Standard Webhooks advises (15 to 30 s)."""
    redis_pool_wait_s: float = 0.8
    """For a free connection; with `REDIS_TIMEOUT_SECONDS` below the 5 s within which the API
    responds while Redis hangs."""
    log_max_age_s: float = 7 * 24 * 3600.0
    """A log file is rotated after a week even if it is small."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the constants to arguments: drop them from every other source."""
        first, *rest = super().settings_customise_sources(
            settings_cls, init_settings, env_settings, dotenv_settings, file_secret_settings
        )
        return (first, *(_WithoutConstants(settings_cls, source) for source in rest))


class _WithoutConstants(PydanticBaseSettingsSource):
    """A source that finds no constant."""

    def __init__(
        self, settings_cls: type[BaseSettings], source: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self._source = source

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return what the source itself finds."""
        return self._source.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        """Return the values that the source finds, without those of constants."""
        return {
            name: value
            for name, value in self._source().items()
            if name not in Constants.model_fields
        }
