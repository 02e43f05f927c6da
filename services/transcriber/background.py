"""Runs an uninterruptible iterator in a thread, so that its consumer does not block."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")


def iterate_in_background(items: Iterable[Item], *, period_s: float) -> Generator[Item | None]:
    """Yield items as a thread produces them, and ``None`` whenever a period passes without one.

    Closing this generator waits for the current item, because abandoned work would slow down the
    next job. In a worker the kit kills the process if that takes too long.

    Args:
        items: A lazy iterable; its exceptions are raised here.
        period_s: Maximum wait for an item, in seconds.
    """
    iterator, context = iter(items), copy_context()  # keeps the context of logs and traces
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        while True:
            pending = pool.submit(context.run, lambda: [*_take_one(iterator)])
            while not wait([pending], timeout=period_s).done:
                yield None
            if not (produced := pending.result()):
                return
            yield produced[0]
    finally:
        pool.shutdown()


def _take_one(iterator: Iterator[Item]) -> Iterator[Item]:
    """Yield the next item, or nothing if there is none."""
    for item in iterator:
        yield item
        return
