"""Spans by OpenTelemetry, sent to a collector; imported only where traces are on."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orchestrator.telemetry.tracing import Facts

__all__ = ["Exporting"]

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_EXPORT_TIMEOUT_S: Final = 5.0
"""For one batch, repetitions included: a collector that is away must not hold up a stop."""


class Exporting:
    """Records spans and exports them in the background; see ``tracing.Recorder``.

    Args:
        endpoint: Address of the collector.
        service: The name that the spans of this process carry.
    """

    def __init__(self, endpoint: str, service: str) -> None:
        instance = f"{socket.gethostname()}:{os.getpid()}"
        provider = TracerProvider(
            resource=Resource.create({"service.name": service, "service.instance.id": instance})
        )
        exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=_EXPORT_TIMEOUT_S)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = provider.get_tracer("ytcaption")

    @contextmanager
    def span(self, name: str, parent: str | None, kind: str, facts: Facts) -> Iterator[None]:
        """Record what happens in the block, below a ``traceparent`` or the present span."""
        above = _PROPAGATOR.extract({"traceparent": parent}) if parent else None
        span = self._tracer.start_as_current_span(
            name,
            context=above,
            kind=SpanKind[kind.upper()],
            attributes=facts,
            # Messages and tracebacks may hold addresses: only an error's name is told.
            record_exception=False,
            set_status_on_exception=False,
        )
        with span as recorded, ExitStack() as on_end:
            on_end.push(_tell_failure(recorded))
            yield

    def note(self, facts: Facts) -> None:
        """Add facts to the present span."""
        trace.get_current_span().set_attributes(facts)

    def traceparent(self) -> str | None:
        """Return the present span as a ``traceparent``."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")


def _tell_failure(recorded: Span) -> Callable[..., None]:
    """Return what a block's end is told to: by which error it ended, if by one."""

    def tell(kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            recorded.set_status(Status(StatusCode.ERROR, kind.__name__))

    return tell
