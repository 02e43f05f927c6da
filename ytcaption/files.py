"""Atomic writes of result files."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from ytcaption.errors import UsageError

__all__ = ["check_writable", "write_file"]


def check_writable(path: Path) -> None:
    """Raise if a file cannot be written; call this before the work starts.

    Raises:
        UsageError: The directory does not exist, or is not writable.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a directory, not a file")
    if not path.parent.is_dir():
        raise UsageError(f"No such directory: {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{path} is not writable")


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write or replace a file atomically.

    Raises:
        UsageError: The file cannot be written.
    """
    is_special = path.exists() and not path.is_file()  # such as /dev/null
    # The draft's name does not contain the file's, which may have the maximum length.
    draft = path if is_special else path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with draft.open("wb") as file:
            file.writelines(chunks)
        if draft is not path:
            draft.replace(path)
    except OSError as error:
        raise UsageError(f"Cannot write {path}: {error.strerror}") from error
    finally:
        if draft is not path:
            draft.unlink(missing_ok=True)
