"""Files by key, wherever ``ARTIFACTS_URL`` says: on this machine's disk or in object storage."""

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
"""One part of a transfer: it bounds memory, and 10,000 of them (S3's limit) make 80 GB."""


class Files:
    """Files by keys such as ``jobs/dl_1/upload``; fsspec does the work.

    On a local disk a file is moved instead of copied and used where it lies. Nothing is
    connected before the first call.

    Args:
        url: A folder, e.g. ``file:///srv/artifacts`` or ``s3://bucket/prefix``.
    """

    def __init__(self, url: str) -> None:
        protocol, self._root = split_protocol(url)
        self._is_local = protocol in {None, "file", "local"}
        self._url = url

    @cached_property
    def _fs(self) -> Any:
        """Return the file system, made when first used: after the process has forked."""
        if self._is_local:
            return LocalFileSystem()
        # Without its cache of listings, which would hide what other machines wrote.
        file_system, _ = fsspec.url_to_fs(self._url, use_listings_cache=False, loop=_start_loop())
        return file_system

    def _place(self, key: str) -> str:
        return f"{self._root}/{key}".rstrip("/")

    def take(self, path: Path, key: str) -> None:
        """Move a file of this machine to a key; readers see the old one or the new one, whole."""
        place = self._place(key)
        if self._is_local:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)
            return
        with path.open("rb") as source, self._fs.open(place, "wb", block_size=BLOCK_BYTES) as sink:
            shutil.copyfileobj(source, sink, BLOCK_BYTES)
        path.unlink()

    def fetch(self, key: str, target: Path) -> Path | None:
        """Return a file on this machine, or nothing if there is none: a copy, unless it is local.

        Args:
            key: The file.
            target: Where a copy goes if one is needed.
        """
        if self._is_local:
            path = Path(self._place(key))
            return path if path.is_file() else None
        source = self.open(key)
        if source is None:
            return None
        with source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, BLOCK_BYTES)
        return target

    def copy(self, key: str, target: Path) -> bool:
        """Copy a file to this machine, without its bytes where that is possible.

        Returns:
            Whether there is such a file.
        """
        found = self.fetch(key, target)
        if found and found != target:
            try:
                target.hardlink_to(found)
            except OSError:  # another disk, or one without links
                shutil.copyfile(found, target)
        return found is not None

    def open(self, key: str) -> IO[bytes] | None:
        """Open a file for reading, seekable, or return nothing if there is none."""
        options = {} if self._is_local else {"block_size": BLOCK_BYTES, "cache_type": "readahead"}
        try:
            return cast("IO[bytes]", self._fs.open(self._place(key), "rb", **options))
        except (FileNotFoundError, IsADirectoryError):
            return None

    def remove(self, key: str) -> int:
        """Remove a file or a folder; return how many files there were."""
        place = self._place(key)
        count = len(self._fs.find(place))
        if self._is_local:
            # A worker may write into the folder meanwhile; the sweep removes what is left.
            path = Path(place)
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        elif count:
            with suppress(FileNotFoundError):
                self._fs.rm(place, recursive=True)
        return count

    def list_folder(self, key: str) -> list[str]:
        """Return the names in a folder."""
        try:
            places = self._fs.ls(self._place(key), detail=False)
        except FileNotFoundError:
            return []
        return [str(place).rstrip("/").rpartition("/")[2] for place in places]

    def find_newest(self, key: str) -> datetime | None:
        """Return when a folder's newest file was written, or nothing if it holds none."""
        times = [self._fs.modified(place) for place in self._fs.find(self._place(key))]
        return max(times, default=None)

    def measure(self) -> tuple[int, int]:
        """Return how many files there are, and their size in bytes."""
        found: dict[str, dict[str, Any]] = self._fs.find(self._root, detail=True)
        return len(found), sum(entry["size"] for entry in found.values())


def _start_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop that runs in a thread of its own.

    A real thread, also in an API, where gevent makes many of one: there every request would
    seem to be called by the loop itself, which refuses to wait for itself.
    """
    loop = asyncio.SelectorEventLoop(get_original("selectors", "DefaultSelector")())
    get_original("_thread", "start_new_thread")(loop.run_forever, ())
    return loop
