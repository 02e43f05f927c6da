"""Keeps a worker process on one processor at a time.

One thread of a Python process runs at a time. Where there is a second processor, the kernel wakes
the next thread there while the first has not yet stopped, and they meet at the interpreter's lock:
with 300 jobs at once that cost a third of the CPU, and two thirds of the time that a job was late.
"""

import os
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["Processor", "better_of", "parse_idle_shares"]

Ticks = Mapping[int, tuple[int, int]]
"""What each processor has done since the machine started: all ticks, and those that were idle."""

_STATISTICS: Final = Path("/proc/stat")
_THREADS: Final = Path("/proc/self/task")
_IDLE: Final = slice(3, 5)  # idle, and idle until the disk answers
_COUNTED: Final = 8  # what guests take stands in the first columns already
_BUSY: Final = 0.1  # share of idle time below which a processor has nothing to spare
_FREE: Final = 0.5  # share above which another one is worth moving to


class Processor:
    """The processor that every thread of this process runs on; does nothing but on Linux.

    Args:
        is_wanted: Whether the process is to keep to one at all.
    """

    def __init__(self, *, is_wanted: bool) -> None:
        self._allowed = sorted(os.sched_getaffinity(0)) if _can_choose() and is_wanted else []
        self._ticks: Ticks = {}
        self.own: int | None = None
        """Its number; ``None`` where there is nothing to choose."""

    def settle(self) -> None:
        """Choose one at random, for this thread and all that it starts from now on."""
        if len(self._allowed) > 1:
            self._move_to(random.choice(self._allowed))  # noqa: S311 - guessing it gains nothing

    def look_around(self) -> None:
        """Move where this processor had nothing to spare since the last look and another had.

        Only every other time, so that of two processes on one processor one may stay. A process
        that fills a processor by itself wanders, which costs nothing that can be measured.
        """
        if self.own is None:
            return
        before, self._ticks = self._ticks, _read_ticks()
        target = better_of(parse_idle_shares(before, self._ticks), self.own, self._allowed)
        if target is not None and random.random() < 0.5:  # noqa: S311, PLR2004 - as above
            self._move_to(target)

    def _move_to(self, number: int) -> None:
        self.own = number
        for thread in _THREADS.iterdir():
            with suppress(ProcessLookupError):  # it has ended meanwhile
                os.sched_setaffinity(int(thread.name), {number})


def better_of(idle: Mapping[int, float], own: int, allowed: list[int]) -> int | None:
    """Return the processor to move to, or ``None`` to stay.

    Args:
        idle: What share of the time each one was idle, from 0 to 1.
        own: The present one.
        allowed: Those that may be chosen.
    """
    if idle.get(own, 1.0) > _BUSY:
        return None
    freest = max(allowed, key=lambda number: idle.get(number, 0.0))
    return freest if idle.get(freest, 0.0) > _FREE else None


def parse_idle_shares(before: Ticks, now: Ticks) -> Mapping[int, float]:
    """Return what share of the time between two readings each processor was idle."""
    return {
        number: (now[number][1] - before[number][1]) / (now[number][0] - before[number][0])
        for number in before.keys() & now.keys()
        if now[number][0] > before[number][0]
    }


def _read_ticks() -> Ticks:
    found: dict[int, tuple[int, int]] = {}
    for line in _STATISTICS.read_text().splitlines():
        name, *columns = line.split()
        if name.startswith("cpu") and name != "cpu":
            counts = [int(column) for column in columns[:_COUNTED]]
            found[int(name[3:])] = sum(counts), sum(counts[_IDLE])
    return found


def _can_choose() -> bool:
    return hasattr(os, "sched_setaffinity") and _STATISTICS.exists() and _THREADS.exists()
