"""Keep a job's ``updated_at`` moving during a call that reports no progress."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context

from services.kit.work import JobCancelledError

INTERVAL_S = 5.0
"""Half the time that the HTTP contract allows between two changes of ``updated_at``."""


@contextmanager
def keepalive(report: Callable[[], object], *, interval_s: float = INTERVAL_S) -> Iterator[None]:
    """Call ``report`` periodically from a thread while the block runs.

    Use it only for calls that are bounded in time, such as a request with a timeout: it would
    hide that a call hangs.

    Args:
        report: Repeats the last report of a job. A cancelled job is no longer reported; the block
            learns of the cancellation from its own next report, or the kit kills it.
        interval_s: Seconds between two calls.
    """
    ended = threading.Event()

    def repeat() -> None:
        with suppress(JobCancelledError):
            while not ended.wait(interval_s):
                report()

    thread = threading.Thread(
        target=copy_context().run, args=(repeat,), name="keepalive", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
