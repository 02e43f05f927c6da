"""The process group of a worker's work: one signal ends the work and all that it started."""

import os
import signal
import subprocess

_GUARD = 'read -r _; kill -s KILL -- "-$0" 2>/dev/null'
"""Waits for the end of its input, which is the death of the worker, however it dies."""

_guards: list[subprocess.Popen[bytes]] = []
"""Kept, because a guard's input would end with the last reference to it."""


def lead_group() -> None:
    """Make this process the leader of a group of its own, which does not outlive it.

    A tiny shell watches over it: a process that was killed cannot clean up after itself.
    """
    os.setpgid(0, 0)
    guard = subprocess.Popen(  # noqa: S603 - no input from outside
        ["/bin/sh", "-c", _GUARD, str(os.getpid())],
        stdin=subprocess.PIPE,  # held open, never written to
        start_new_session=True,
    )
    _guards.append(guard)


def end_group() -> None:
    """Kill this process and all that it started; nothing happens if it leads no group."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
