"""Transfers of audio from one service to the next, in verified chunks."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from urllib3.filepost import choose_boundary, encode_multipart_formdata

from orchestrator.errors import ServiceUnavailableError
from orchestrator.microservice.checksum import find_checksum

__all__ = ["Relay", "SourceArtifact", "Upload", "make_upload"]


@dataclass(frozen=True)
class SourceArtifact:
    """An artifact that is being read from its service.

    Args:
        service: The service's name.
        filename: The artifact's name.
        length_bytes: Its length, if the service reports it.
        digest: Its `Repr-Digest` (RFC 9530), if the service sends one.
        read: Yields its bytes.
    """

    service: str
    filename: str
    length_bytes: int | None
    digest: str | None
    read: Callable[[], Iterator[bytes]]

    def chunks(self, *, limit_s: float) -> Iterator[bytes]:
        """Yield the bytes, and verify their number and checksum at the end.

        Args:
            limit_s: The limit for the whole transfer, in seconds.

        Raises:
            ServiceUnavailableError: The transfer took too long, or its length or checksum is
                wrong. The receiver must discard the bytes.
        """
        deadline = time.monotonic() + limit_s
        checksum = find_checksum(self.digest)
        count = 0
        for chunk in self.read():
            if time.monotonic() > deadline:
                raise self._error(f"the transfer took longer than {limit_s:g} s")
            count += len(chunk)
            if checksum:
                checksum.update(chunk)
            yield chunk
        if self.length_bytes is not None and count != self.length_bytes:
            raise self._error(f"received {count} bytes instead of {self.length_bytes}")
        if checksum and not checksum.is_right():
            raise self._error("the bytes do not match their checksum")

    def _error(self, detail: str) -> ServiceUnavailableError:
        return ServiceUnavailableError(self.service, detail)


@dataclass(frozen=True)
class Relay:
    """A service's response that is passed on to a client unchanged."""

    status_code: int
    headers: Mapping[str, str]
    """Names in any letter case."""
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Upload:
    """A multipart body (RFC 7578) that is streamed.

    The `files` of requests keep the file in memory, and `requests_toolbelt` copies each chunk
    several times.

    Args:
        head: The form up to the file's first byte.
        chunks: The file.
        tail: The form after the file's last byte.
        content_type: The content type with the boundary.
        file_bytes: The length of the file, if it is known.
    """

    head: bytes
    chunks: Iterator[bytes]
    tail: bytes
    content_type: str
    file_bytes: int | None

    def __iter__(self) -> Iterator[bytes]:
        # The head is sent with the first chunk and the tail with the last one, so that a short file
        # takes one system call instead of three.
        piece = self.head + next(self.chunks, b"")
        for chunk in self.chunks:
            yield piece
            piece = chunk
        yield piece + self.tail

    def body(self) -> Iterable[bytes]:
        """Return the body for requests, which sends it in chunks if it has no length."""
        return iter(self) if self.file_bytes is None else _Sized(self, self.file_bytes)


@dataclass(frozen=True)
class _Sized:
    """An upload of known length."""

    upload: Upload
    file_bytes: int

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.upload)

    def __len__(self) -> int:
        return len(self.upload.head) + self.file_bytes + len(self.upload.tail)


def make_upload(fields: Mapping[str, Any], source: SourceArtifact, *, limit_s: float) -> Upload:
    """Return the body of a submission with a file.

    Args:
        fields: The text fields of the form.
        source: The file, which is read while the body is sent.
        limit_s: The limit for the transfer, in seconds.
    """
    boundary = choose_boundary()
    form = {**fields, "file": (source.filename, b"", "application/octet-stream")}
    encoded, content_type = encode_multipart_formdata(form, boundary)
    tail = f"\r\n--{boundary}--\r\n".encode()
    chunks = source.chunks(limit_s=limit_s)
    return Upload(encoded[: -len(tail)], chunks, tail, content_type, source.length_bytes)
