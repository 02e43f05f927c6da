"""The Lua scripts of the commands, and the constants and row layouts shared with Python."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Final

from orchestrator.domain.job import JobStatus, Priority, WakeUp

__all__ = [
    "HOUR_S",
    "WINDOW_S",
    "DeletionRow",
    "FoldedRow",
    "SegmentsRow",
    "StageEventRow",
    "read_file",
    "read_script",
]

WINDOW_S: Final = 300
"""Ended jobs are counted by this period for an hour."""
HOUR_S: Final = 3600

# The files whose functions each file calls, in the order in which a script needs them.
_USES: Final[dict[str, Sequence[str]]] = {
    "keys": (),
    "schema": ("keys",),
    "events": ("keys",),
    "wake_up_calls": ("events",),
    "queues": ("wake_up_calls",),
    "works": ("wake_up_calls",),
    "deliveries": ("keys",),
    "counters": ("keys",),
    "breakers": ("keys",),
    "replies": ("keys",),
    "playlists": ("works",),
    "jobs": ("queues", "works", "deliveries", "counters"),
    "leases": ("jobs", "breakers"),
}
_COMMAND: Final = re.compile(r"(?ms)^function commands\.(\w+)\(args\)\n.*?^end\n")


@dataclass(frozen=True)
class StageEventRow:
    """An entry of a job's history, as its stream holds it; trailing values may be missing."""

    type: str
    status: str | None = None
    overall_progress: float | None = None
    stage: str | None = None
    attempt: int | None = None
    worker: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class SegmentsRow:
    """A reference to stored segments, as a job's stream holds it."""

    stage: str
    attempt: int
    index: int
    """The position of the first one in the transcript."""
    count: int
    at: int | None = None
    """The position of the first one in the list; ``None`` if the transcript came with them."""


@dataclass(frozen=True)
class FoldedRow:
    """An event of a job that has ended."""

    since_ms: int
    """Since the first one."""
    number: int
    """Distinguishes events of the same millisecond."""
    data: Any
    kind: str = "stage"


@dataclass(frozen=True)
class DeletionRow:
    """A remote job to delete."""

    service: str
    instance: str
    remote_id: str


def _table(items: Iterable[str]) -> str:
    return f"{{{', '.join(items)}}}"


def _names(row: type[Any]) -> str:
    return _table(repr(field.name) for field in fields(row))


_CONSTANTS: Final[Mapping[str, str]] = {
    "TERMINAL": _table(f"{status} = true" for status in JobStatus if status.is_terminal),
    "PRIORITIES": _table(repr(priority.value) for priority in reversed(Priority)),
    "WINDOW_MS": str(WINDOW_S * 1000),
    "HOUR_MS": str(HOUR_S * 1000),
    "STAGE_EVENT_FIELDS": _names(StageEventRow),
    "SEGMENTS_FIELDS": _names(SegmentsRow),
    "FOLDED_FIELDS": _names(FoldedRow),
    "WAKE_UP_FIELDS": _names(WakeUp),
    "DELETION_FIELDS": _names(DeletionRow),
}


@cache
def read_file(noun: str) -> str:
    """Return a Lua file."""
    path = files("orchestrator.store") / "lua" / f"{noun}.lua"
    return path.read_text(encoding="utf-8")


def read_script(command: str) -> str:
    """Return the Lua script of a command.

    It contains the command's file and those that this one uses, without other commands: Redis
    creates every function of a script in each call, which takes about as long as a short command.
    """
    needed = {noun for noun in _USES if f"function commands.{command}(" in read_file(noun)}
    for noun in reversed(_USES):
        needed |= {*(_USES[noun] if noun in needed else ())}
    whole = "\n".join(read_file(noun) for noun in _USES if noun in needed)
    source = _COMMAND.sub(lambda found: found[0] if found[1] == command else "", whole)
    constants = [f"local {name} = {value}" for name, value in _CONSTANTS.items() if name in source]
    call = f"return cjson.encode(commands.{command}(cjson.decode(ARGV[1])))\n"
    return "\n".join([*constants, source, call])
