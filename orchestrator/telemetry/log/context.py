"""The orchestrator's logger, and what every record of a turn or a request tells about it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

__all__ = ["LOGGER", "bound", "facts"]

LOGGER: Final = logging.getLogger("modules.orchestrator")
"""The orchestrator's own logger, under the name that log filters in the field know."""
_context: ContextVar[tuple[tuple[str, object], ...]] = ContextVar("log context", default=())


@contextmanager
def bound(**known: object) -> Iterator[None]:
    """Have every record of this thread tell these facts until the block ends.

    What is ``None`` or empty is left out.
    """
    told = tuple((name, value) for name, value in known.items() if value not in (None, ""))
    token = _context.set((*_context.get(), *told))
    try:
        yield
    finally:
        _context.reset(token)


def facts() -> tuple[tuple[str, object], ...]:
    """Return what is bound in this thread, outermost first."""
    return _context.get()
