"""The base class of response models."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
)

__all__ = ["ApiModel", "Moment"]


def _as_sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_as_sent, return_type=str)]
"""An instant, serialized as the API serializes it."""


class ApiModel(BaseModel):
    """A response of the API, or a part of one. Unknown fields of a newer API are kept.

    As JSON it has exactly the keys that the API sent; an older API sends fewer.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    @model_serializer(mode="wrap")
    def _write(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if name in self.model_fields_set}
