"""Signs of life from beside a call that cannot give any itself."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context

from services.kit.work import JobCancelledError

TICK_S = 5.0
"""Half of what the HTTP contract allows between two moves of ``updated_at``."""


@contextmanager
def ticking(tick: Callable[[], object]) -> Iterator[None]:
    """Call something every ``TICK_S`` from a thread of its own, as long as the block runs.

    For calls that end by themselves, such as a request with a timeout: of one that hangs nobody
    would be told.

    Args:
        tick: Repeats a job's last report. A job that was cancelled is not reported any more;
            the block learns of it by a report of its own, or is ended by the kit.
    """
    is_over = threading.Event()

    def repeat() -> None:
        with suppress(JobCancelledError):
            while not is_over.wait(TICK_S):
                tick()

    thread = threading.Thread(
        target=copy_context().run, args=(repeat,), name="ticking", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
