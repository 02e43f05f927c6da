"""Checks of this machine: free disk space and the limit of open files."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.settings import Settings
from tools.doctor.finding import Finding, problem, warning, well

__all__ = ["examine_descriptors", "examine_disk", "examine_machine"]

_MIB: Final = 1024 * 1024
_LOG_FILES: Final = 6  # the current file and five old ones
_PER_TURN: Final = 3  # a poll, and the two ends of a transfer
_OTHERS: Final = 200
_STREAMS: Final = 5000  # worker_connections of the API


def examine_machine(settings: Settings) -> Iterator[Finding]:
    """Check the folders in the settings, and the limits of this process."""
    yield examine_disk(
        "UPLOADS_DIR", Path(settings.uploads_dir), settings.max_file_bytes, "MAX_FILE_SIZE_MB"
    )
    yield examine_disk(
        "LOG_DIR", Path(settings.log_dir), _LOG_FILES * settings.log_max_bytes, "LOG_MAX_BYTES"
    )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield examine_descriptors(settings, hard if hard != resource.RLIM_INFINITY else 2**31)


def examine_disk(variable: str, folder: Path, needed_bytes: int, reason: str) -> Finding:
    """Check whether a folder is writable and has free space."""
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        fact = f"{variable}: {folder} is not writable"
        return problem("disk", fact, f"change its owner, or set {variable} to another folder")
    free = shutil.disk_usage(there).free
    fact = f"{variable}: {free / _MIB:.0f} MiB are free at {folder}"
    if free < needed_bytes:
        wanted = f"{needed_bytes / _MIB:.0f} MiB"
        return problem("disk", f"{fact}, less than {wanted} ({reason})", "free disk space there")
    return well("disk", fact)


def examine_descriptors(settings: Settings, allowed: int) -> Finding:
    """Check how many files a process may open; processes raise their own limit up to that."""
    worker = settings.worker_concurrency * _PER_TURN + _OTHERS
    api = _STREAMS + settings.redis_max_connections + _OTHERS
    fact = f"a process may open {allowed} files"
    needs = f"a worker needs {worker} (WORKER_CONCURRENCY), the API up to {api}"
    if allowed < worker:
        advice = f"raise the hard limit (ulimit -Hn {api}), or lower WORKER_CONCURRENCY"
        return problem("descriptors", f"{fact}; {needs}", advice)
    if allowed < api:
        return warning("descriptors", f"{fact}; {needs}", f"raise the hard limit: ulimit -Hn {api}")
    return well("descriptors", fact)
