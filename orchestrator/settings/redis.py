"""Settings of Redis and of the broker."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from orchestrator.settings.sentinels import SCHEME, Sentinels

__all__ = ["RedisSettings"]

_REDIS = ("redis://", "rediss://")
_BROKERS = (*_REDIS, "redis+socket://", "amqp://", "amqps://", "pyamqp://")


class RedisSettings(BaseSettings):
    """Redis: its URL, timeouts and connection limits."""

    redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="URL of Redis, also the broker: `redis://`, `rediss://` (TLS) or "
        "`sentinel://one:26379;sentinel://two:26379/mymaster`.",
    )
    redis_timeout_s: float = Field(
        4.0,
        gt=0,
        validation_alias="REDIS_TIMEOUT_SECONDS",
        description="Seconds to wait for a response from Redis. Below 5 s, so that the API "
        "responds with 503 within 5 s while Redis hangs.",
    )
    redis_max_connections: int = Field(
        128,
        gt=1,
        description="Maximum number of connections to Redis per API process, shared by all "
        "requests. For 1,000 concurrent requests 128 connections were four times as fast as one "
        "each.",
    )
    celery_broker_url: SecretStr | None = Field(
        None,
        description="URL of Celery's broker, e.g. `amqp://` for RabbitMQ; defaults to `REDIS_URL`.",
    )

    @field_validator("redis_url", "celery_broker_url")
    @classmethod
    def _has_known_scheme(cls, url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if url is None:
            return None
        address = url.get_secret_value()
        schemes = _REDIS if info.field_name == "redis_url" else _BROKERS
        if address.startswith(SCHEME):
            Sentinels.parse(address)
        elif not address.startswith(schemes):
            raise ValueError(f"must start with {', '.join(schemes)} or {SCHEME}")
        return url
