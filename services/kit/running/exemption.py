"""Exempt the kit's own traffic from a network guard that a service applies to its jobs.

A service may restrict the connections of its process while it handles a client's URLs. The kit's
threads and calls, e.g. to Redis, continue meanwhile and are marked here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _State(threading.local):
    is_exempt = False


_state = _State()


def is_exempt() -> bool:
    """Return whether this thread may connect to the service's own machines."""
    return _state.is_exempt


@contextmanager
def exempt() -> Iterator[None]:
    """Let this thread connect to the service's own machines inside the block."""
    before = _state.is_exempt
    _state.is_exempt = True
    try:
        yield
    finally:
        _state.is_exempt = before
