"""The command ``ytcaption`` for one API, in this or another process."""

import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

import pytest

from tests.support.project import ROOT
from tests.support.terminal import Terminal
from ytcaption.commands.app import run

__all__ = ["TIMEOUT_S", "CommandLine"]

TIMEOUT_S: Final = 60.0


def _environment(url: str, home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "YTCAPTION_URL": url,
    }


@dataclass(frozen=True)
class Ended:
    """The result of a command."""

    returncode: int
    stdout: str
    stderr: str


class CommandLine:
    """Runs commands against one API.

    Args:
        url: Where the API is.
        home: The folder that commands run in.
    """

    def __init__(self, url: str, home: Path) -> None:
        self.environment = _environment(url, home)
        self.home = home

    def __call__(self, *arguments: str) -> Ended:
        """Run a command in this process, five times faster than in its own."""
        out, err = StringIO(), StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.home)
            for name, value in self.environment.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit) as ended:
                run(arguments)
        return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def apart(self, *arguments: str, **variables: str) -> Ended:
        """Run a command in its own process."""
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return Ended(process.returncode, out, err)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a command in its own process."""
        return subprocess.Popen(
            [sys.executable, "-m", "ytcaption", *arguments],
            env=self.environment | variables,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def done(self, *arguments: str) -> str:
        """Run a command that must succeed, and return its output."""
        ended = self(*arguments)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def on_terminal(self, *arguments: str) -> Terminal:
        """Start a command on a terminal."""
        return Terminal(["ytcaption", *arguments], self.environment)
