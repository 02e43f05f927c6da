"""The part of the settings that says where Redis is, and how long anybody waits for it."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from orchestrator.settings.sentinels import SCHEME, Sentinels

__all__ = ["RedisSettings"]

_REDIS = ("redis://", "rediss://")
_BROKERS = (*_REDIS, "redis+socket://", "amqp://", "amqps://", "pyamqp://")


class RedisSettings(BaseSettings):
    """Redis: its address, its time limits, and how many connections it is asked for."""

    redis_url: SecretStr = Field(
        SecretStr("redis://localhost:6379/0"),
        description="Address of Redis, also the broker: `redis://`, `rediss://` (TLS) or "
        "`sentinel://one:26379;sentinel://two:26379/mymaster`.",
    )
    redis_timeout_s: float = Field(
        4.0,
        gt=0,
        validation_alias="REDIS_TIMEOUT_SECONDS",
        description="Seconds to wait for one answer of Redis. Below 5 s, so that the API answers "
        "503 within 5 s while Redis hangs.",
    )
    redis_max_connections: int = Field(
        128,
        gt=1,
        description="Connections to Redis that one process of the API opens at the most; all its "
        "requests share them in turn. With 1,000 requests at once 128 were four times as fast as "
        "one for each.",
    )
    celery_broker_url: SecretStr | None = Field(
        None,
        description="Address of Celery's broker, e.g. `amqp://` of RabbitMQ; `REDIS_URL` where "
        "unset.",
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
            raise ValueError(f"must begin with {', '.join(schemes)} or {SCHEME}")
        return url
