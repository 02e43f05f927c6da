"""Traces: what a job passes through, as spans below the request that it came with.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set; OpenTelemetry is not even imported then, and a
client's own ``traceparent`` is only passed on, as W3C Trace Context asks of whoever takes no part.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from typing import Final, Protocol

from orchestrator.settings import Settings

__all__ = [
    "Facts",
    "Recorder",
    "configure",
    "headers",
    "note",
    "parse_traceparent",
    "span",
    "trace_id",
    "traceparent",
]

_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
Facts = Mapping[str, str | int | float]


class Recorder(Protocol):
    """Makes spans and sends them somewhere."""

    def span(
        self, name: str, parent: str | None, kind: str, facts: Facts
    ) -> AbstractContextManager[None]:
        """Record what happens in the block, below a ``traceparent`` or the present span."""

    def note(self, facts: Facts) -> None:
        """Add facts to the present span."""

    def traceparent(self) -> str | None:
        """Return the present span as a ``traceparent``."""


class _Switch:
    """Whether traces are recorded: for the whole process."""

    recorder: Recorder | None = None


_passed_on: ContextVar[str | None] = ContextVar("traceparent", default=None)


def configure(settings: Settings, process: str) -> None:
    """Begin to record where settings say so; to be called after a process has forked.

    Args:
        settings: Where to send spans.
        process: What the process is, e.g. ``api``.

    Raises:
        ModuleNotFoundError: The extra ``otel`` is not installed.
    """
    endpoint = settings.otel_exporter_otlp_endpoint
    if endpoint and _Switch.recorder is None:
        exporting = import_module("orchestrator.telemetry.otel")
        _Switch.recorder = exporting.Exporting(endpoint, f"ytcaption-{process}")


def span(
    name: str, *, parent: str | None = None, kind: str = "internal", facts: Facts | None = None
) -> AbstractContextManager[None]:
    """Record what happens in the block; an error ends it as failed and is passed on.

    Args:
        name: What happens, without ids.
        parent: A ``traceparent``; the present span where it is left out.
        kind: ``internal``, ``server``, ``client``, ``producer`` or ``consumer``.
        facts: What is known of it; no addresses, no secrets.
    """
    if _Switch.recorder is not None:
        return _Switch.recorder.span(name, parent, kind, facts or {})
    return _pass_on(parent) if parent else nullcontext()


def note(facts: Facts) -> None:
    """Add facts to the present span."""
    if _Switch.recorder is not None:
        _Switch.recorder.note(facts)


def traceparent() -> str | None:
    """Return what others have to be told so that their spans belong below the present one."""
    return _Switch.recorder.traceparent() if _Switch.recorder else _passed_on.get()


def headers() -> dict[str, str]:
    """Return the same as the header of a request."""
    present = traceparent()
    return {"traceparent": present} if present else {}


def parse_traceparent(header: str) -> str | None:
    """Return a ``traceparent`` if it is well-formed; otherwise it has to be ignored."""
    return header if _TRACEPARENT.fullmatch(header) else None


def trace_id(parent: str | None) -> str | None:
    """Return the trace that a well-formed ``traceparent`` names."""
    found = _TRACEPARENT.fullmatch(parent or "")
    return found.group(1) if found else None


@contextmanager
def _pass_on(parent: str) -> Iterator[None]:
    token = _passed_on.set(parent)
    try:
        yield
    finally:
        _passed_on.reset(token)
