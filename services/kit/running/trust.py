"""Which threads speak for the service itself, and not for a job whose input is not to be trusted.

A work may confine what its process may connect to, for as long as it handles a stranger's
addresses. The kit's own threads and calls go on meanwhile: they say so here.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Trust(threading.local):
    is_given = False


_trust = _Trust()


def is_trusted() -> bool:
    """Return whether this thread may reach the service's own machines."""
    return _trust.is_given


@contextmanager
def trusted() -> Iterator[None]:
    """Let this thread reach the service's own machines meanwhile."""
    before = _trust.is_given
    _trust.is_given = True
    try:
        yield
    finally:
        _trust.is_given = before
