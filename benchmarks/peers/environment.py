"""The peers' virtual environment in `build/`, recreated when its pins change."""

import subprocess
import sys
from pathlib import Path

__all__ = ["peers_python"]

_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_DIRECTORY = Path(__file__).parents[2] / "build" / "peers"


def peers_python() -> Path:
    """Return the Python of the environment, and create the environment if necessary."""
    python = _DIRECTORY / "bin" / "python"
    installed = _DIRECTORY / "installed.txt"
    wanted = _REQUIREMENTS.read_text()
    if not installed.exists() or installed.read_text() != wanted:
        _run(sys.executable, "-m", "venv", "--clear", str(_DIRECTORY))
        _run(str(python), "-m", "pip", "install", "--quiet", "-r", str(_REQUIREMENTS))
        installed.write_text(wanted)
    return python


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603 - our own arguments


if __name__ == "__main__":
    print(peers_python())
