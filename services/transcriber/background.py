"""Watches work that cannot be interrupted, so that its watcher never waits long."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")


def iterate_in_background(items: Iterable[Item], *, period_s: float) -> Generator[Item | None]:
    """Yield items as another thread makes them, and None when a period passes without one.

    Whoever takes no more (closes this generator) waits for the item that is being made: work
    that goes on although nobody wants it would slow down what comes next. In a worker the kit
    ends this wait after some seconds, together with the process.

    Args:
        items: Made lazily, each at its own pace; an error of theirs is raised here.
        period_s: The longest time without a sign, in seconds.
    """
    iterator, context = iter(items), copy_context()  # what is bound here for logs and traces
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        while True:
            making = pool.submit(context.run, lambda: [*_take_one(iterator)])
            while not wait([making], timeout=period_s).done:
                yield None
            if not (made := making.result()):
                return
            yield made[0]
    finally:
        pool.shutdown()


def _take_one(iterator: Iterator[Item]) -> Iterator[Item]:
    """Yield the next item, or nothing at the end."""
    for item in iterator:
        yield item
        return
