"""Audio on its way from one service to the next, in chunks, checked, never piled up."""

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
        service: Whose it is.
        filename: Its name.
        length_bytes: How long it is, where the service says so.
        digest: Its ``Repr-Digest`` (RFC 9530), where the service gives one.
        read: Yields its bytes.
    """

    service: str
    filename: str
    length_bytes: int | None
    digest: str | None
    read: Callable[[], Iterator[bytes]]

    def chunks(self, *, limit_s: float) -> Iterator[bytes]:
        """Yield the bytes, and check at the end that they are all there and right.

        Raises:
            ServiceUnavailableError: They came too slowly, or too few, or are not what the
                service says that they are. Nothing may be handed on then.
        """
        deadline = time.monotonic() + limit_s
        checksum = find_checksum(self.digest)
        count = 0
        for chunk in self.read():
            if time.monotonic() > deadline:
                raise self._broken(f"the transfer took longer than {limit_s:g} s")
            count += len(chunk)
            if checksum:
                checksum.update(chunk)
            yield chunk
        if self.length_bytes is not None and count != self.length_bytes:
            raise self._broken(f"{count} bytes came of {self.length_bytes}")
        if checksum and not checksum.is_right():
            raise self._broken("the bytes do not have the checksum that they should")

    def _broken(self, detail: str) -> ServiceUnavailableError:
        return ServiceUnavailableError(self.service, detail)


@dataclass(frozen=True)
class Relay:
    """A service's answer that goes on to a client as it is."""

    status_code: int
    headers: Mapping[str, str]
    """Names in any letter case."""
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Upload:
    """A multipart body (RFC 7578) that is made while it is sent.

    requests' own ``files=`` and `requests_toolbelt` would have the file in memory or copy each
    chunk of it several times.

    Args:
        head: The form up to the file's first byte.
        chunks: The file.
        tail: The form after its last byte.
        content_type: Its type, with the boundary.
        file_bytes: How long the file is, where that is known.
    """

    head: bytes
    chunks: Iterator[bytes]
    tail: bytes
    content_type: str
    file_bytes: int | None

    def __iter__(self) -> Iterator[bytes]:
        # One chunk is held back, so that the form's head and tail are sent with the first and the
        # last chunk. A short file is one system call instead of three.
        piece = self.head + next(self.chunks, b"")
        for chunk in self.chunks:
            yield piece
            piece = chunk
        yield piece + self.tail

    def body(self) -> Iterable[bytes]:
        """Return what requests sends with a ``Content-Length``, or in chunks without one."""
        return iter(self) if self.file_bytes is None else _Sized(self, self.file_bytes)


@dataclass(frozen=True)
class _Sized:
    """An upload of a known length."""

    upload: Upload
    file_bytes: int

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.upload)

    def __len__(self) -> int:
        return len(self.upload.head) + self.file_bytes + len(self.upload.tail)


def make_upload(fields: Mapping[str, Any], source: SourceArtifact, *, limit_s: float) -> Upload:
    """Return the body of a submission with a file.

    Args:
        fields: The form's text fields.
        source: The file; it is read while the body is sent.
        limit_s: How long that may take, in seconds.
    """
    boundary = choose_boundary()
    form = {**fields, "file": (source.filename, b"", "application/octet-stream")}
    encoded, content_type = encode_multipart_formdata(form, boundary)
    tail = f"\r\n--{boundary}--\r\n".encode()
    chunks = source.chunks(limit_s=limit_s)
    return Upload(encoded[: -len(tail)], chunks, tail, content_type, source.length_bytes)
