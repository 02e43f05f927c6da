"""Distributed tracing: spans of jobs and requests, and W3C Trace Context.

Tracing is off until `configure` is called with an endpoint; OpenTelemetry is not imported before.
While it is off, a client's ``traceparent`` is passed on unchanged, as W3C Trace Context requires.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib import import_module
from typing import Final, Protocol

__all__ = [
    "Attributes",
    "Recorder",
    "configure",
    "flush",
    "headers",
    "parse_traceparent",
    "set_attributes",
    "span",
    "trace_id",
    "traceparent",
]

_TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
Attributes = Mapping[str, str | int | float]


class Recorder(Protocol):
    """Records and exports spans."""

    def span(
        self, name: str, parent: str | None, kind: str, attributes: Attributes
    ) -> AbstractContextManager[None]:
        """Record the block as a child of a ``traceparent`` or of the current span."""

    def set_attributes(self, attributes: Attributes) -> None:
        """Add attributes to the current span."""

    def traceparent(self) -> str | None:
        """Return the current span as a ``traceparent``."""

    def flush(self) -> None:
        """Export all spans that are still buffered."""


class _Tracing:
    """The recorder of this process; ``None`` while tracing is off."""

    recorder: Recorder | None = None


_passed_on: ContextVar[str | None] = ContextVar("traceparent", default=None)


def configure(endpoint: str, service: str) -> None:
    """Start to export spans; call it after a process has forked. Later calls do nothing.

    Args:
        endpoint: URL of an OpenTelemetry collector (OTLP over HTTP); empty leaves tracing off.
        service: The ``service.name`` of this process's spans.

    Raises:
        ModuleNotFoundError: The extra ``otel`` is not installed.
    """
    if endpoint and _Tracing.recorder is None:
        _Tracing.recorder = import_module("foundation.otel").OtlpRecorder(endpoint, service)


def span(
    name: str,
    *,
    parent: str | None = None,
    kind: str = "internal",
    attributes: Attributes | None = None,
) -> AbstractContextManager[None]:
    """Record the block as a span; an exception marks it as failed and propagates.

    Args:
        name: The operation, without ids.
        parent: A ``traceparent``; defaults to the current span.
        kind: ``internal``, ``server``, ``client``, ``producer`` or ``consumer``.
        attributes: Attributes of the span; no URLs, no secrets.
    """
    if _Tracing.recorder is not None:
        return _Tracing.recorder.span(name, parent, kind, attributes or {})
    return _pass_on(parent) if parent else nullcontext()


def set_attributes(attributes: Attributes) -> None:
    """Add attributes to the current span."""
    if _Tracing.recorder is not None:
        _Tracing.recorder.set_attributes(attributes)


def traceparent() -> str | None:
    """Return the ``traceparent`` to send, so that a receiver's spans join the current trace."""
    return _Tracing.recorder.traceparent() if _Tracing.recorder else _passed_on.get()


def headers() -> dict[str, str]:
    """Return the request headers that carry the current trace; none outside a trace."""
    current = traceparent()
    return {"traceparent": current} if current else {}


def flush() -> None:
    """Export all buffered spans, before a process exits without running exit handlers."""
    if _Tracing.recorder is not None:
        _Tracing.recorder.flush()


def parse_traceparent(header: str) -> str | None:
    """Return a ``traceparent`` header if it is well-formed; a malformed one must be ignored."""
    return header if _TRACEPARENT.fullmatch(header) else None


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace id of a well-formed ``traceparent``."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found.group(1) if found else None


@contextmanager
def _pass_on(parent: str) -> Iterator[None]:
    token = _passed_on.set(parent)
    try:
        yield
    finally:
        _passed_on.reset(token)
