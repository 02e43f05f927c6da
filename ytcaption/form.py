"""A streamed multipart form with a file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from urllib3.filepost import choose_boundary, encode_multipart_formdata

from ytcaption.errors import UsageError

__all__ = ["FileForm", "OnSent"]

_CHUNK_BYTES: Final = 256 * 1024

OnSent = Callable[[int, int], None]
"""Called while a file is sent, with the number of bytes sent and the size of the file."""


class FileForm:
    """A multipart body (RFC 7578) that is streamed from the file and can be sent repeatedly.

    requests would read the whole file into memory.

    Args:
        path: The file.
        fields: The text fields of the form; names may repeat.
        on_sent: Called with the progress.

    Raises:
        UsageError: The file does not exist, is empty or is not readable.
    """

    def __init__(
        self, path: Path, fields: Sequence[tuple[str, str]], on_sent: OnSent | None = None
    ) -> None:
        try:
            with path.open("rb") as file:
                self._file_bytes = file.seek(0, 2)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        if not self._file_bytes:
            raise UsageError(f"{path} is empty")
        self._path = path
        self._on_sent = on_sent
        boundary = choose_boundary()
        form: list[tuple[str, str | tuple[str, bytes, str]]] = [
            *fields,
            ("file", (path.name, b"", "application/octet-stream")),
        ]
        encoded, self.content_type = encode_multipart_formdata(form, boundary)
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self._head = encoded.removesuffix(self._tail)

    def __len__(self) -> int:
        return len(self._head) + self._file_bytes + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        yield from self._chunks()
        yield self._tail

    def _chunks(self) -> Iterator[bytes]:
        left = self._file_bytes  # bytes that are appended meanwhile are not sent
        with self._path.open("rb") as file:
            while left and (chunk := file.read(min(left, _CHUNK_BYTES))):
                yield chunk
                left -= len(chunk)
                if self._on_sent:
                    self._on_sent(self._file_bytes - left, self._file_bytes)
        if left:
            raise UsageError(f"{self._path} became shorter while it was sent")
