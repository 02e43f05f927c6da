"""The process group of a job: one signal kills the job and every process that it started."""

import os
import signal
import subprocess

_GUARD = 'read -r _; kill -s KILL -- "-$0" 2>/dev/null'
"""Kills the group at the end of its input, that is when the worker process dies."""

_guards: list[subprocess.Popen[bytes]] = []
"""References that keep the inputs of the guards open."""


def lead_group() -> None:
    """Make this process the leader of its own group, and have the group die with it.

    A shell process watches it, because a killed process cannot clean up after itself.
    """
    os.setpgid(0, 0)
    guard = subprocess.Popen(  # noqa: S603 - no input from outside
        ["/bin/sh", "-c", _GUARD, str(os.getpid())],
        stdin=subprocess.PIPE,  # held open, never written to
        start_new_session=True,
    )
    _guards.append(guard)


def kill_group() -> None:
    """Kill this process and all that it started; do nothing if it does not lead a group."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
