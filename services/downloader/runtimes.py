"""Find the JavaScript runtime that YouTube's player requires."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_OLDEST = {"deno": (2, 3, 0), "node": (22, 0, 0)}
"""Oldest versions that yt-dlp supports, in order of preference."""

_ANSWER_TIMEOUT_S = 10


@dataclass(frozen=True)
class Runtime:
    """An installed JavaScript runtime."""

    name: str
    version: str
    path: str


@cache
def find_runtime() -> Runtime | None:
    """Return the preferred runtime, or `None`; cached for the process."""
    # Runtimes from Python packages are next to the interpreter, which may not be on PATH.
    return search_runtime([sysconfig.get_path("scripts"), None])


def search_runtime(folders: Sequence[str | None]) -> Runtime | None:
    """Return the first runtime that is recent enough, or `None`.

    Args:
        folders: Folders to search; ``None`` means ``PATH``.
    """
    for name, oldest in _OLDEST.items():
        for folder in folders:
            path = shutil.which(name, path=folder)
            version = _read_version(path) if path else ()
            if path and version >= oldest:
                return Runtime(name, ".".join(map(str, version)), str(Path(path).resolve()))
    return None


def describe_runtime() -> dict[str, Any]:
    """Return the runtime's members of ``/health``."""
    runtime = find_runtime()
    return {
        "javascript_runtime": f"{runtime.name} {runtime.version}" if runtime else None,
        "youtube_challenges": bool(runtime and find_spec("yt_dlp_ejs")),
    }


def _read_version(path: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run(  # noqa: S603 - a program on PATH with a fixed name
            [path, "--version"],
            capture_output=True,
            text=True,
            timeout=_ANSWER_TIMEOUT_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, found.groups())) if found else ()
