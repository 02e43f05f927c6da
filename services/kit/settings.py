"""The settings that all services share, read from the environment once at startup."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from foundation.secret_files import SecretFileSettings

BYTES_PER_MB = 1024 * 1024
SECONDS_PER_HOUR = 3600


class ServiceSettings(SecretFileSettings):
    """Settings that all services share; each service adds its own in a subclass.

    A subclass overrides the defaults of ``port`` and ``artifacts_dir``.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    redis_url: str = Field(
        "redis://localhost:6379/0",
        repr=False,  # it may contain a password
        description="URL of the Redis with the service's jobs, queue and results.",
    )
    host: str = Field(
        "0.0.0.0",  # noqa: S104 - services run in containers; on one machine the stack sets 127.0.0.1
        description="Address that the API listens on.",
    )
    port: int = Field(8000, ge=1, le=65535, description="Port that the API listens on.")
    workers: int = Field(
        1, ge=1, description="API processes; one serves thousands of waiting requests."
    )
    worker_concurrency: int = Field(
        1,
        ge=1,
        description="Jobs that one Celery worker runs at a time; one, because they use much CPU.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="Minimum level of logged records."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="`text` for lines, `json` for one JSON object per record."
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        description="URL of an OpenTelemetry collector (OTLP over HTTP), which enables tracing; "
        "requires the extra `otel`.",
    )
    artifacts_dir: Path = Field(
        Path("var/artifacts"),
        description="Local folder for incoming uploads and for work.",
    )
    artifacts_url: str | None = Field(
        None,
        description="Storage of uploads and results: a folder (`file:///srv/artifacts`) that the "
        "API and its workers share, or object storage (`s3://bucket/prefix`) for several machines. "
        "Defaults to `ARTIFACTS_DIR`.",
    )
    cache_ttl_hours: float = Field(
        24, gt=0, description="Hours for which an ended job and its files are kept."
    )
    max_cache_gb: float = Field(
        50,
        gt=0,
        description="Maximum total size of the files of completed jobs, in GiB; beyond it the "
        "least recently downloaded jobs are evicted.",
    )
    min_free_disk_mb: int = Field(
        512,
        ge=0,
        description="Free space of the disk of `ARTIFACTS_DIR`, in MiB, below which submissions "
        "are answered 503 and the service is not ready, because running jobs need it.",
    )
    max_file_size_mb: int = Field(
        2048, ge=1, description="Maximum size of an input or a result, in MiB, to protect the disk."
    )
    max_queue: int = Field(
        1000,
        ge=1,
        description="Maximum number of waiting jobs; beyond it submissions are answered 429.",
    )
    service_token: SecretStr | None = Field(
        None, description="Bearer token that clients must send; no check if unset."
    )
    alive_file: Path | None = Field(
        None,
        description="File that a worker touches every 2 s, even without Redis, for a container's "
        "health check.",
    )

    @property
    def max_file_bytes(self) -> int:
        """Return the maximum size of an input or an artifact, in bytes."""
        return self.max_file_size_mb * BYTES_PER_MB

    @property
    def max_cache_bytes(self) -> int:
        """Return the maximum total size of the files of completed jobs, in bytes."""
        return round(self.max_cache_gb * 1024 * BYTES_PER_MB)

    @property
    def min_free_bytes(self) -> int:
        """Return the free disk space that a new job needs, in bytes."""
        return self.min_free_disk_mb * BYTES_PER_MB

    @property
    def cache_ttl_s(self) -> int:
        """Return how long an ended job is kept, in seconds, at least one."""
        return max(1, round(self.cache_ttl_hours * SECONDS_PER_HOUR))
