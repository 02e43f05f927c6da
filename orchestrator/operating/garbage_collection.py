"""Tuning of the garbage collector."""

import gc
from typing import Final

__all__ = ["collect_rarely"]

_THRESHOLD: Final = 20_000  # new objects; the default of 700 is reached several times per request


def collect_rarely() -> None:
    """Freeze all loaded objects and raise the collection threshold; call after all imports.

    Turns and requests create few reference cycles. Collections took a twelfth of the API's CPU.
    """
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
