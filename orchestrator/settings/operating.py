"""The part of the settings that is for those who watch the system run."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings

__all__ = ["OperatingSettings"]


class OperatingSettings(BaseSettings):
    """Settings of Prometheus metrics and of Flower."""

    metrics_token: SecretStr | None = Field(
        None,
        description="Token that opens `/metrics` and nothing else, sent by Prometheus as "
        "`Authorization: Bearer`; on workers it is needed where it is set. Without it `/metrics` "
        "of an API with `API_KEYS` needs a key with the scope `admin`, which could do much more.",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port at which the workers of one machine show their figures, at `HOST`; 0 "
        "for none. Of several worker processes the first to come shows those of all, and another "
        "takes its place when it ends.",
    )
    task_events: bool = Field(
        default=False,
        description="Whether workers tell of every task that they begin and end (`celery -E`), "
        "which Flower lists. Each costs CPU; `make run` sets it where Flower runs.",
    )
    flower_basic_auth: SecretStr | None = Field(
        None,
        description="`user:password` that Flower asks for; several are separated by commas. "
        "Without it Flower does not start.",
    )
    flower_port: int = Field(
        5555, ge=0, le=65535, description="Port that Flower listens at, at `HOST`."
    )

    @field_validator("flower_basic_auth")
    @classmethod
    def _are_pairs(cls, pairs: SecretStr | None) -> SecretStr | None:
        for pair in pairs.get_secret_value().split(",") if pairs else ():
            user, _, password = pair.partition(":")
            if not user or not password:
                raise ValueError("must be user:password")
        return pairs
