"""Traces while they are off: nothing is recorded, and what a client sent is passed on."""

import subprocess
import sys

import pytest

from orchestrator.telemetry import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def test_a_client_s_trace_is_passed_on() -> None:
    with tracing.span("turn", parent=PARENT), tracing.span("submit"):
        assert tracing.headers() == {"traceparent": PARENT}
    assert tracing.headers() == {}


def test_without_a_client_s_trace_nothing_is_sent() -> None:
    with tracing.span("turn"):
        tracing.note({"status": 200})
        assert tracing.traceparent() is None


def test_a_trace_is_named_by_its_id() -> None:
    assert tracing.trace_id(PARENT) == TRACE
    assert tracing.trace_id(None) is None


@pytest.mark.parametrize("given", ["", TRACE, f"ff-{TRACE}-00f067aa0ba902b7-01", f"{PARENT}\n"])
def test_a_header_that_is_not_well_formed_is_ignored(given: str) -> None:
    assert tracing.parse_traceparent(given) is None


def test_nothing_is_imported_for_traces_that_are_off() -> None:
    code = """
import sys, tasks.worker, web.app, services.kit.running.worker
exporters = ("opentelemetry.exporter", "orchestrator.telemetry.otel", "services.kit.telemetry.otel")
sys.exit(any(name.startswith(exporters) for name in sys.modules))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
