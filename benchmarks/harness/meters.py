"""CPU seconds and memory of processes, from /proc."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["cpu_s", "memory_bytes", "peak_bytes", "tree_of"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KIB = 1024


def tree_of(pid: int) -> list[int]:
    """Return a process and all its living descendants."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(ProcessLookupError, FileNotFoundError):  # the thread has exited
            for child in task.read_text().split():
                found += tree_of(int(child))
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Return the user and system time of processes and their descendants, in seconds.

    Exited children count towards their parents after those have waited for them.
    """
    return sum(_own_cpu_s(one) for pid in pids for one in tree_of(pid))


def memory_bytes(pids: Iterable[int]) -> int:
    """Return the current memory of processes and descendants; shared pages count once."""
    return sum(_bytes_of(one, "smaps_rollup", "Pss") for pid in pids for one in tree_of(pid))


def peak_bytes(pids: Iterable[int]) -> int:
    """Return the sum of the processes' peak resident memory."""
    return sum(_bytes_of(one, "status", "VmHWM") for pid in pids for one in tree_of(pid))


def _bytes_of(pid: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except (ProcessLookupError, FileNotFoundError):
        return 0  # it has exited, e.g. Redis's background writers
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(value) * _KIB


def _own_cpu_s(pid: int) -> float:
    # The name, in parentheses, can contain anything; numbers follow it.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(field) for field in fields[11:15])
    return (user + system + child_user + child_system) / _TICKS_PER_S
