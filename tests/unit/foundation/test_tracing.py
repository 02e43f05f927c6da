"""While tracing is off, nothing is recorded and a client's `traceparent` is passed on."""

import subprocess
import sys

import pytest

from foundation import tracing

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SPAN}-01"


def test_a_client_s_trace_is_passed_on() -> None:
    with tracing.span("turn", parent=PARENT), tracing.span("submit"):
        assert tracing.headers() == {"traceparent": PARENT}
    assert tracing.headers() == {}


def test_without_a_client_s_trace_nothing_is_sent() -> None:
    with tracing.span("turn"):
        tracing.set_attributes({"status": 200})
        assert tracing.traceparent() is None


def test_a_well_formed_header_names_its_trace() -> None:
    assert tracing.parse_traceparent(PARENT) == PARENT
    assert tracing.trace_id(PARENT) == TRACE
    assert tracing.trace_id(None) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"{PARENT}\n",
    ],
)
def test_a_malformed_header_is_ignored(header: str) -> None:
    assert tracing.parse_traceparent(header) is None
    assert tracing.trace_id(header) is None


def test_nothing_is_imported_for_traces_that_are_off() -> None:
    code = """
import sys, tasks.worker, web.app, services.kit.running.worker
exporters = ("opentelemetry.exporter", "foundation.otel")
sys.exit(any(name.startswith(exporters) for name in sys.modules))
"""
    subprocess.run([sys.executable, "-c", code], check=True)
