"""What a route answers, said beside the route for the OpenAPI document."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import BaseModel

__all__ = [
    "IF_NONE_MATCH",
    "LAST_EVENT_ID",
    "PREFER_WAIT",
    "Answer",
    "Header",
    "answers",
    "answers_of",
    "form_of",
    "headers_of",
    "note_form",
]

_ANSWERS: Final = "documented_answers"
_HEADERS: Final = "documented_headers"
_FORM: Final = "documented_form"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Answer:
    """One kind of answer."""

    model: type[BaseModel] | None = None
    """What the body holds; ``None`` for no body, or one that is not JSON."""
    status: int = 200
    media_types: tuple[str, ...] = ("application/json",)
    """Empty for no body."""
    description: str = "Done."


@dataclass(frozen=True)
class Header:
    """A request header that a route understands."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


PREFER_WAIT: Final = Header(
    "Prefer", "`wait=N`: answer once the job has changed, after N seconds at the latest."
)
IF_NONE_MATCH: Final = Header("If-None-Match", "The `ETag` that you have.")
LAST_EVENT_ID: Final = Header("Last-Event-ID", "Go on after this entry of the stream.")


def answers(*kinds: Answer, headers: tuple[Header, ...] = ()) -> Callable[[View], View]:
    """Note what a view answers and which request headers it understands."""

    def note(view: View) -> View:
        setattr(view, _ANSWERS, kinds)
        setattr(view, _HEADERS, headers)
        return view

    return note


def note_form(view: View, model: type[BaseModel]) -> View:
    """Note that a view takes a form (``multipart/form-data``) as well as JSON."""
    setattr(view, _FORM, model)
    return view


def form_of(view: Callable[..., Any]) -> type[BaseModel] | None:
    """Return the form that was noted of a view."""
    return getattr(view, _FORM, None)


def answers_of(view: Callable[..., Any]) -> tuple[Answer, ...]:
    """Return what was noted of a view; at the least that it answers."""
    found: tuple[Answer, ...] = getattr(view, _ANSWERS, ())
    return found or (Answer(),)


def headers_of(view: Callable[..., Any]) -> tuple[Header, ...]:
    """Return the request headers that were noted of a view."""
    found: tuple[Header, ...] = getattr(view, _HEADERS, ())
    return found
