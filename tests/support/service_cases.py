"""Submissions for tests that run with any service."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.project import ROOT
from tests.support.services import ServiceProcesses

SAMPLES = ROOT / "samples"
EXAMPLE_MAX_QUEUE = 5
MAX_FILE_SIZE_MB = 100


@dataclass(frozen=True)
class Case:
    """A running service with arguments for submissions."""

    service: ServiceProcesses
    id_prefix: str
    quick: Callable[[], dict[str, Any]]
    """Arguments of a submission that completes within seconds."""
    other: Callable[[], dict[str, Any]]
    """Arguments of a different submission that completes."""
    brief: Callable[[], dict[str, Any]]
    """Arguments of a submission that fails immediately."""
    long: Callable[[], dict[str, Any]]
    """Arguments of a submission that runs for a long time."""
    slow: Callable[[], dict[str, Any]]
    """Arguments of a submission that completes after more than a second."""


def upload(path: Path, **fields: str) -> dict[str, Any]:
    """Return the arguments of a request that uploads a file."""
    return {"files": {"file": (path.name, path.read_bytes(), "audio/wav")}, "data": fields}
