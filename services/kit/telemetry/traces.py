"""W3C Trace Context: to which of a caller's traces a job belongs."""

import re

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def parse_traceparent(header: str) -> str | None:
    """Return the header if it is well-formed; otherwise it has to be ignored."""
    return header if _TRACEPARENT.fullmatch(header) else None


def find_trace_id(traceparent: str | None) -> str | None:
    """Return the trace that a well-formed ``traceparent`` names."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found.group(1) if found else None
