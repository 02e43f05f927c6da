"""Decorators that record a route's responses, headers and form for the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

__all__ = [
    "IF_NONE_MATCH",
    "LAST_EVENT_ID",
    "PREFER_WAIT",
    "RequestHeader",
    "ResponseSpec",
    "document_form",
    "document_responses",
    "documented_form",
    "documented_headers",
    "documented_responses",
]

_RESPONSES: Final = "documented_responses"
_HEADERS: Final = "documented_headers"
_FORM: Final = "documented_form"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class ResponseSpec:
    """One response of a route."""

    model: type[BaseModel] | None = None
    """The schema of the body; ``None`` for no body, or one that is not JSON."""
    status: int = 200
    media_types: tuple[str, ...] = ("application/json",)
    """Empty for no body."""
    description: str = "OK."


@dataclass(frozen=True)
class RequestHeader:
    """An optional request header of a route."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


PREFER_WAIT: Final = RequestHeader(
    "Prefer",
    "Long polling (RFC 7240): `wait=N` holds the response until the job changes, for at most N "
    "seconds. `Preference-Applied` returns the seconds that were granted.",
)
IF_NONE_MATCH: Final = RequestHeader(
    "If-None-Match",
    "The `ETag` of the version you have. The response is 304 if it is still current.",
)
LAST_EVENT_ID: Final = RequestHeader(
    "Last-Event-ID", "The id of the last event you received. The stream resumes after it."
)


def document_responses(
    *responses: ResponseSpec, headers: tuple[RequestHeader, ...] = ()
) -> Callable[[View], View]:
    """Record the responses of a view and the request headers it reads."""

    def decorate(view: View) -> View:
        setattr(view, _RESPONSES, responses)
        setattr(view, _HEADERS, headers)
        return view

    return decorate


def document_form(view: View, model: type[BaseModel]) -> View:
    """Record that a view accepts a form (``multipart/form-data``) as well as JSON."""
    setattr(view, _FORM, model)
    return view


def documented_form(view: Callable[..., Any]) -> type[BaseModel] | None:
    """Return the schema of a view's form, if it accepts one."""
    return getattr(view, _FORM, None)


def documented_responses(view: Callable[..., Any]) -> tuple[ResponseSpec, ...]:
    """Return the responses of a view; by default a single 200."""
    found: tuple[ResponseSpec, ...] = getattr(view, _RESPONSES, ())
    return found or (ResponseSpec(),)


def documented_headers(view: Callable[..., Any]) -> tuple[RequestHeader, ...]:
    """Return the request headers that a view reads."""
    found: tuple[RequestHeader, ...] = getattr(view, _HEADERS, ())
    return found
