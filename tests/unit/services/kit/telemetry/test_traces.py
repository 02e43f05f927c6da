"""Which trace headers are taken, as the W3C recommendation has it."""

import pytest

from services.kit.telemetry.traces import find_trace_id, parse_traceparent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"


def test_a_well_formed_header_names_its_trace() -> None:
    header = f"00-{TRACE}-{PARENT}-01"
    assert parse_traceparent(header) == header
    assert find_trace_id(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        "",
        TRACE,
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01\n",
    ],
)
def test_any_other_header_is_ignored(header: str) -> None:
    assert parse_traceparent(header) is None
    assert find_trace_id(header) is None
