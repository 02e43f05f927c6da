"""What processes have cost so far, read from /proc: CPU seconds and memory."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

__all__ = ["cpu_s", "memory_bytes", "peak_bytes", "tree_of"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KIB = 1024


def tree_of(pid: int) -> list[int]:
    """Return a process and all its descendants that live."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(ProcessLookupError, FileNotFoundError):  # the thread has ended meanwhile
            for child in task.read_text().split():
                found += tree_of(int(child))
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """Return the seconds, user and system, that processes and their descendants have used.

    Children that have ended count with their parents, once those have waited for them.
    """
    return sum(_own_cpu_s(one) for pid in pids for one in tree_of(pid))


def memory_bytes(pids: Iterable[int]) -> int:
    """Return the memory of processes and their descendants now; what some share counts once."""
    return sum(_bytes_of(one, "smaps_rollup", "Pss") for pid in pids for one in tree_of(pid))


def peak_bytes(pids: Iterable[int]) -> int:
    """Return the most resident memory that each of some processes has had, together."""
    return sum(_bytes_of(one, "status", "VmHWM") for pid in pids for one in tree_of(pid))


def _bytes_of(pid: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except (ProcessLookupError, FileNotFoundError):
        return 0  # it has ended meanwhile, as Redis's writers of files do
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(value) * _KIB


def _own_cpu_s(pid: int) -> float:
    # The name, in parentheses, may hold anything; the fields after it are numbers.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system, child_user, child_system = (int(field) for field in fields[11:15])
    return (user + system + child_user + child_system) / _TICKS_PER_S
