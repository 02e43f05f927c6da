"""The orchestrator's logger, and what every record of a turn or a request tells about it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Final

__all__ = ["LOGGER", "Binding", "bind", "bound", "facts", "unbind"]

LOGGER: Final = logging.getLogger("modules.orchestrator")
"""The orchestrator's own logger, under the name that log filters in the field know."""
Facts = tuple[tuple[str, object], ...]
Binding = Token[Facts]
"""What ``unbind`` needs."""

_context: ContextVar[Facts] = ContextVar("log context", default=())


@contextmanager
def bound(**known: object) -> Iterator[None]:
    """Have every record of this thread tell these facts until the block ends.

    What is ``None`` or empty is left out.
    """
    binding = bind(**known)
    try:
        yield
    finally:
        unbind(binding)


def bind(**known: object) -> Binding:
    """Do as ``bound`` does, until ``unbind``."""
    told = tuple((name, value) for name, value in known.items() if value not in (None, ""))
    return _context.set((*_context.get(), *told))


def unbind(binding: Binding) -> None:
    """End what ``bind`` began, in the same thread."""
    _context.reset(binding)


def facts() -> Facts:
    """Return what is bound in this thread, outermost first."""
    return _context.get()
