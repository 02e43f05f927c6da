"""Writing results to files, whole or not at all."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from ytcaption.errors import UsageError

__all__ = ["check_writable", "write_file"]


def check_writable(path: Path) -> None:
    """Find out before the work begins whether its result could be written.

    Raises:
        UsageError: There is no such folder, or one may not write there.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{path} may not be written")


def write_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file, in the place of one that is there; nobody sees half of it.

    Raises:
        UsageError: It cannot be written.
    """
    is_special = path.exists() and not path.is_file()  # such as /dev/null
    # The draft's name does not hold the file's, which may be as long as names can be.
    draft = path if is_special else path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with draft.open("wb") as file:
            file.writelines(chunks)
        if draft is not path:
            draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        if draft is not path:
            draft.unlink(missing_ok=True)
