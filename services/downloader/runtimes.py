"""The JavaScript runtime that YouTube's player needs, found on this machine."""

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
"""What yt-dlp supports, the one that it prefers first."""

_ANSWER_TIMEOUT_S = 10


@dataclass(frozen=True)
class Runtime:
    """A program that runs JavaScript."""

    name: str
    version: str
    path: str


@cache
def find_runtime() -> Runtime | None:
    """Return the first runtime that is new enough, or nothing; looked for once."""
    # A runtime from a Python package lies beside this interpreter, not always on PATH.
    return look_for_runtime([sysconfig.get_path("scripts"), None])


def look_for_runtime(places: Sequence[str | None]) -> Runtime | None:
    """Return the first runtime that is new enough, or nothing.

    Args:
        places: Folders, like ``PATH``; ``None`` stands for ``PATH`` itself.
    """
    for name, oldest in _OLDEST.items():
        for place in places:
            path = shutil.which(name, path=place)
            version = _read_version(path) if path else ()
            if path and version >= oldest:
                return Runtime(name, ".".join(map(str, version)), str(Path(path).resolve()))
    return None


def describe() -> dict[str, Any]:
    """Return what ``/health`` tells of it."""
    runtime = find_runtime()
    return {
        "javascript_runtime": f"{runtime.name} {runtime.version}" if runtime else None,
        "youtube_challenges": bool(runtime and find_spec("yt_dlp_ejs")),
    }


def _read_version(path: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run(  # noqa: S603 - a program found on PATH by a name of ours
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
