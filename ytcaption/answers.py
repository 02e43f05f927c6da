"""How every answer of the API is read."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer

__all__ = ["Answer", "Moment"]


def _as_sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_as_sent, return_type=str)]
"""An instant, written again as the API has written it."""


class Answer(BaseModel):
    """An answer of the API. What a newer API adds to it is kept."""

    model_config = ConfigDict(frozen=True, extra="allow")
