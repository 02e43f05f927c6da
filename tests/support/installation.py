"""Virtual environments outside the checkout with the built package."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from uv import find_uv_bin

__all__ = ["VERSIONS", "Installation", "find_interpreter"]

VERSIONS: Final = ("3.11", "3.12", "3.13")
"""The Python versions in pyproject.toml's classifiers."""
_COMMAND_TIMEOUT_S: Final = 900
_STOP_TIMEOUT_S: Final = 30.0


def find_interpreter(version: str) -> Path | None:
    """Return a Python on PATH or from pyenv, by major and minor version."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = shutil.which(f"python{version}")
    kept = pyenv.glob(f"versions/{version}.*/bin/python{version}")
    for candidate in [*([Path(on_path)] if on_path else []), *sorted(kept)]:
        # One of pyenv's shims is there for each version, and fails where that is not chosen.
        asked = [str(candidate), "-c", "import ensurepip, venv"]
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return candidate
    return None


class Installation:
    """A virtual environment whose commands run outside the checkout.

    Args:
        directory: Where it and all that its processes write go.
        python: Whose standard library it has.
        has_pip: Whether pip is inside, which takes its seconds.
    """

    def __init__(self, directory: Path, python: Path, *, has_pip: bool = False) -> None:
        self._environment = directory / "environment"
        self.outside = directory / "elsewhere"
        """The working directory of commands."""
        self.outside.mkdir(parents=True)
        without = [] if has_pip else ["--without-pip"]
        subprocess.run([python, "-m", "venv", *without, self._environment], check=True)

    def pip(self, *arguments: str) -> None:
        """Install with pip, as documented."""
        self.run("python", "-m", "pip", "--disable-pip-version-check", *arguments)

    def uv(self, *arguments: str) -> None:
        """Install with uv, which caches unpacked packages."""
        where = f"--python={self._environment / 'bin' / 'python'}"
        self._call([find_uv_bin(), "pip", *arguments, where])

    def run(self, command: str, *arguments: str) -> str:
        """Run one of its commands; return its output.

        Raises:
            AssertionError: It failed.
        """
        return self._call([str(self._environment / "bin" / command), *arguments])

    @contextmanager
    def running(self, *command: str, environment: Mapping[str, str]) -> Iterator[Path]:
        """Run one of its commands for the duration of the block; yields its output file."""
        log = self.outside / f"{len(list(self.outside.glob('*.log')))}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self._environment / "bin" / command[0], *command[1:]],
                cwd=self.outside,
                env={**_inherited(), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield log
            assert process.poll() is None, f"it ended by itself:\n{log.read_text()}"
        finally:
            process.terminate()
            process.wait(_STOP_TIMEOUT_S)

    def _call(self, command: list[str]) -> str:
        ended = subprocess.run(
            command,
            cwd=self.outside,
            env=_inherited(),
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            check=False,
        )
        assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
        return ended.stdout


def _inherited() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
