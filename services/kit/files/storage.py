"""File storage by key, on a local disk or in object storage, as ``ARTIFACTS_URL`` says."""

import asyncio
import shutil
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any, cast

import fsspec
from fsspec.core import split_protocol
from fsspec.implementations.local import LocalFileSystem
from gevent.monkey import get_original

BLOCK_BYTES = 8 * 1024 * 1024
"""Size of one part of a transfer: bounds memory; 10,000 parts (the limit of S3) are 80 GB."""


class FileStorage:
    """Stores files under keys such as ``jobs/dl_1/upload``, with fsspec.

    On a local disk files are moved instead of copied, and read in place. It connects on the first
    call.

    Args:
        url: A folder, e.g. ``file:///srv/artifacts`` or ``s3://bucket/prefix``.
    """

    def __init__(self, url: str) -> None:
        protocol, self._root = split_protocol(url)
        self._is_local = protocol in {None, "file", "local"}
        self._url = url

    @cached_property
    def _fs(self) -> Any:
        """Return the file system, created on first use: after the process has forked."""
        if self._is_local:
            return LocalFileSystem()
        # A cache of listings would hide files that other machines write.
        file_system, _ = fsspec.url_to_fs(self._url, use_listings_cache=False, loop=_start_loop())
        return file_system

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")

    def move_in(self, path: Path, key: str) -> None:
        """Move a local file to a key, atomically for readers."""
        target = self._path(key)
        if self._is_local:
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
            return
        with path.open("rb") as source, self._fs.open(target, "wb", block_size=BLOCK_BYTES) as sink:
            shutil.copyfileobj(source, sink, BLOCK_BYTES)
        path.unlink()

    def fetch(self, key: str, target: Path) -> Path | None:
        """Return a local path of a file, or `None` if it does not exist.

        Args:
            key: The file.
            target: Path for a copy, which is made unless the storage is local.
        """
        if self._is_local:
            path = Path(self._path(key))
            return path if path.is_file() else None
        source = self.open(key)
        if source is None:
            return None
        with source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, BLOCK_BYTES)
        return target

    def copy(self, key: str, target: Path) -> bool:
        """Copy a file to a local path, as a hard link where possible.

        Returns:
            Whether the file exists.
        """
        found = self.fetch(key, target)
        if found and found != target:
            try:
                target.hardlink_to(found)
            except OSError:  # another disk, or a file system without hard links
                shutil.copyfile(found, target)
        return found is not None

    def open(self, key: str) -> IO[bytes] | None:
        """Open a file for reading, seekable, or return `None` if it does not exist."""
        options = {} if self._is_local else {"block_size": BLOCK_BYTES, "cache_type": "readahead"}
        try:
            return cast("IO[bytes]", self._fs.open(self._path(key), "rb", **options))
        except (FileNotFoundError, IsADirectoryError):
            return None

    def remove(self, key: str) -> int:
        """Remove a file or a folder; return the number of removed files."""
        target = self._path(key)
        count = len(self._fs.find(target))
        if self._is_local:
            # A worker may write into the folder at the same time; the sweep removes the rest.
            path = Path(target)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        elif count:
            with suppress(FileNotFoundError):
                self._fs.rm(target, recursive=True)
        return count

    def list_folder(self, key: str) -> list[str]:
        """Return the names in a folder."""
        try:
            paths = self._fs.ls(self._path(key), detail=False)
        except FileNotFoundError:
            return []
        return [str(path).rstrip("/").rpartition("/")[2] for path in paths]

    def find_newest(self, key: str) -> datetime | None:
        """Return the time of the newest file in a folder, or `None` if it is empty."""
        times = [self._fs.modified(path) for path in self._fs.find(self._path(key))]
        return max(times, default=None)

    def measure(self) -> tuple[int, int]:
        """Return the number of files and their size in bytes."""
        found: dict[str, dict[str, Any]] = self._fs.find(self._root, detail=True)
        return len(found), sum(entry["size"] for entry in found.values())


def _start_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop that runs in a native thread.

    In an API, gevent turns threads into greenlets of one thread: each request would appear to run
    in the loop's own thread, and a loop refuses to wait for itself.
    """
    loop = asyncio.SelectorEventLoop(get_original("selectors", "DefaultSelector")())
    get_original("_thread", "start_new_thread")(loop.run_forever, ())
    return loop
