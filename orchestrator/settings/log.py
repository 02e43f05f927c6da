"""Settings of the log and of traces."""

from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

__all__ = ["LogSettings"]


class LogSettings(BaseSettings):
    """The log, and the collector of traces."""

    log_dir: str = Field(
        "logs", description="Folder of `orchestrator.log`, on a local disk; not on NFS."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", description="Minimum level that is logged; case-insensitive."
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        description="`text` for lines in the documented format, `json` for one object per record "
        "with the fields `job_id`, `stage`, `attempt` and `request_id`.",
    )
    log_max_bytes: int = Field(
        10_000_000, gt=0, description="Size at which the log is rotated to `.1`, in bytes."
    )
    otel_exporter_otlp_endpoint: str = Field(
        "",
        description="URL of an OpenTelemetry collector (OTLP over HTTP), e.g. "
        "`http://localhost:4318`; enables traces and needs the extra `otel`. The other `OTEL_` "
        "variables are those of the OpenTelemetry SDK.",
    )

    @field_validator("log_level", "log_format", mode="before")
    @classmethod
    def _normalize_case(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.lower() if value.lower() in {"text", "json"} else value.upper()

    @field_validator("otel_exporter_otlp_endpoint")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")
