"""Long polling with ``Prefer: wait=N`` (RFC 7240)."""

import time
from collections.abc import Callable

from werkzeug.datastructures import ETags

from services.kit.jobs.changes import ChangeFeed
from services.kit.jobs.job import Job

MAX_WAIT_S = 60
"""Longer waits run into the idle timeouts of proxies."""


def wait_for_change(
    read: Callable[[], Job], feed: ChangeFeed, job_id: str, seen: ETags, wait_s: float
) -> Job:
    """Block until a job differs from what the client has seen or ``wait_s`` elapses; return it.

    Args:
        read: Reads the job; its exceptions propagate.
        feed: Notifies of changes.
        job_id: The job.
        seen: ETags that the client has; if empty, wait for the next change.
        wait_s: Maximum wait in seconds; 0 for none.
    """
    if not wait_s:
        return read()
    deadline = time.monotonic() + wait_s
    with feed.watch(job_id) as changed:
        job = read()
        known = seen or ETags(weak_etags=[job.tag])
        while not job.is_terminal and known.contains_weak(job.tag):
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or not changed.wait(remaining_s):
                break
            changed.clear()
            job = read()
    return job
