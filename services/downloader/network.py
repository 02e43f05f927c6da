"""Restrict a download's connections to the public Internet.

Python calls an audit hook before every connection, with the resolved address. The check therefore
covers redirects, odd spellings, DNS rebinding and each of yt-dlp's handlers. The hook does not see
the connections of other programs, so only JavaScript runtimes may be started: yt-dlp passes them
code to compute, no URLs.

The guard applies to the whole process, with all threads that yt-dlp starts: a worker process runs
one job at a time.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from typing import Any, Final

from foundation.addresses import is_public
from services.kit.running.exemption import is_exempt

__all__ = ["ForbiddenConnectionError", "ForbiddenProgramError", "Guard", "guarded"]

_CONNECTING: Final = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_PROGRAMS: Final = {"deno", "node", "bun", "qjs", "quickjs", "qjs-ng"}


class ForbiddenConnectionError(OSError):
    """A download tried to connect outside the public Internet; nothing was sent."""


class ForbiddenProgramError(ForbiddenConnectionError):
    """A download tried to start a program, whose connections cannot be checked."""


@dataclass
class Guard:
    """The restrictions of this process."""

    is_allowed: Callable[[str], bool] | None = None
    """Returns whether an address may be connected to; ``None`` allows every address."""
    refused: str | None = None
    """The address that was refused last since the guard was set up."""


_guard = Guard()


@contextmanager
def guarded(is_allowed: Callable[[str], bool] | None = is_public) -> Iterator[Guard]:
    """Restrict the connections of this process inside the block.

    Args:
        is_allowed: Returns whether an address may be connected to; ``None`` allows every address.

    Yields:
        The guard, which records the last refused address.
    """
    _install()
    _guard.is_allowed, _guard.refused = is_allowed, None
    try:
        yield _guard
    finally:
        _guard.is_allowed = None


@cache
def _install() -> None:
    """Add the hook, once per process: a hook cannot be removed."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    is_allowed = _guard.is_allowed
    if is_allowed is None or is_exempt():
        return
    if event in _CONNECTING:
        _check_connection(arguments[1], is_allowed)
    elif event == "subprocess.Popen":
        _check_program(arguments[0])


def _check_connection(target: object, is_allowed: Callable[[str], bool]) -> None:
    if target is None:
        return  # the socket is connected, so the address was checked before
    host = target[0] if isinstance(target, tuple) and target else target
    # A name would be resolved after this check, so only addresses pass.
    if not isinstance(host, str) or not is_allowed(host):
        _guard.refused = str(host)
        raise ForbiddenConnectionError(f"A download may not connect to {host}")


def _check_program(program: object) -> None:
    if PurePath(str(program)).stem not in _PROGRAMS:
        raise ForbiddenProgramError(f"A download may not start {program}")
