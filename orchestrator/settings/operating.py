"""Settings of monitoring: Prometheus and Flower."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

__all__ = ["OperatingSettings"]


class OperatingSettings(BaseSettings):
    """Settings of Prometheus metrics and of Flower."""

    metrics_token: SecretStr | None = Field(
        None,
        description="Token for `/metrics` only, which Prometheus sends as `Authorization: Bearer`; "
        "if set, workers require it too. Without it, `/metrics` of an API with `API_KEYS` needs a "
        "key with the scope `admin`.",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port, at `HOST`, on which the workers of a host export their metrics; 0 for "
        "none. One worker process exports the metrics of all; when it exits, another takes over.",
    )
    task_events: bool = Field(
        default=False,
        description="Whether workers send events of tasks (`celery -E`), which Flower lists. "
        "Events cost CPU; `make run` enables them if Flower runs.",
    )
    flower_basic_auth: SecretStr | None = Field(
        None,
        description="`user:password` for Flower; several are separated by commas. Without it "
        "Flower does not start.",
    )
    flower_port: int = Field(
        5555, ge=0, le=65535, description="Port, at `HOST`, that Flower listens on."
    )

    @field_validator("flower_basic_auth")
    @classmethod
    def _are_pairs(cls, pairs: SecretStr | None) -> SecretStr | None:
        for pair in pairs.get_secret_value().split(",") if pairs else ():
            user, _, password = pair.partition(":")
            if not user or not password:
                raise ValueError("must be user:password")
        return pairs
