"""A command on a pseudo-terminal, with simulated input."""

import os
import pty
import select
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tools.waiting import wait_until

__all__ = ["CTRL_C", "Terminal"]

CTRL_C = "\x03"
_TIMEOUT_S = 30.0
# The terminal becomes the one that controls the process, so that Ctrl-C in it is a signal.
_LEAD = (
    "import fcntl, runpy, sys, termios\n"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


class Terminal:
    """Runs ``python -m …`` on a terminal; use it in a ``with``.

    Args:
        arguments: The module, and what it is given.
        environment: The whole environment.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._keyboard, terminal = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LEAD, *arguments],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**environment, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
            start_new_session=True,
        )
        os.close(terminal)
        self.text = ""
        """The output so far, including control sequences."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._keyboard)

    def press(self, keys: str) -> None:
        """Type text."""
        os.write(self._keyboard, keys.encode())

    def await_text(self, text: str) -> None:
        """Wait until the output contains a text."""
        try:
            wait_until(lambda: text in self._read(), timeout_s=_TIMEOUT_S, what=repr(text))
        except TimeoutError as error:
            error.add_note(self.text)
            raise

    def await_end(self) -> int:
        """Wait until the command exits; return its exit code."""
        wait_until(self._has_ended, timeout_s=_TIMEOUT_S, what="the end of the command")
        self._read()
        return self.process.wait()

    def _has_ended(self) -> bool:
        self._read()  # or it would wait for somebody who does
        return self.process.poll() is not None

    def _read(self) -> str:
        while select.select([self._keyboard], [], [], 0)[0]:
            try:
                self.text += os.read(self._keyboard, 65536).decode(errors="replace")
            except OSError:  # Linux's way to say that the other side is closed
                break
        return self.text
