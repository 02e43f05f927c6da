"""Reading of submissions, with hashing of files of any size without storing them."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from tests.support.fake_service.artifacts import HEAD_BYTES
from tests.support.fake_service.http import Request

_CHUNK_BYTES = 64 * 1024
_SUBJECT_DIGITS = 16


@dataclass
class Received:
    """A complete submission."""

    subject: str
    fields: dict[str, str]
    upload_sha256: str | None = None
    upload_bytes: int = 0

    def fingerprint(self) -> tuple[object, ...]:
        """Return the value that must be equal for submissions with one idempotency key."""
        return (tuple(sorted(self.fields.items())), self.upload_sha256)


def receive(request: Request, announce: Callable[[str], None]) -> Received:
    """Read the body of a ``POST /jobs``, JSON or multipart.

    Args:
        request: The request; its body is read to the end.
        announce: Called once with the subject, as soon as it is received.

    Raises:
        ValueError: The body is neither, or nothing was submitted in it.
        OSError: The client went away before the end.
    """
    media_type, options = parse_options_header(request.content_type)
    if media_type == "multipart/form-data":
        return _FormReader(options["boundary"], announce).read(request)
    fields = {str(name): str(value) for name, value in dict(request.json()).items()}
    if "url" not in fields:
        raise ValueError("url is missing")
    subject = _subject(fields["url"].encode())
    announce(subject)
    return Received(subject, fields)


def _subject(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()[:_SUBJECT_DIGITS]


@dataclass
class _FormReader:
    boundary: str
    announce: Callable[[str], None]
    fields: dict[str, str] = field(default_factory=dict)
    _head: bytes = b""
    _subject: str | None = None
    _size_bytes: int = 0

    def read(self, request: Request) -> Received:
        digest = hashlib.sha256()
        has_file = False
        name: str | None = None
        for event in self._events(request):
            if isinstance(event, File):
                has_file, name = True, None
            elif isinstance(event, Field):
                name = event.name
                self.fields[name] = ""
            elif isinstance(event, Data) and name is None:
                digest.update(event.data)
                self._receive(event.data)
            elif isinstance(event, Data) and name is not None:
                self.fields[name] += event.data.decode()
        if not has_file:
            raise ValueError("file is missing")
        return Received(self._settle(), self.fields, digest.hexdigest(), self._size_bytes)

    def _events(self, request: Request) -> Iterator[Event]:
        decoder = MultipartDecoder(self.boundary.encode())
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, NeedData):
                chunk = request.body.read(_CHUNK_BYTES)
                decoder.receive_data(chunk or None)
            else:
                yield event

    def _receive(self, data: bytes) -> None:
        self._size_bytes += len(data)
        if self._subject is None:
            self._head += data
            if len(self._head) >= HEAD_BYTES:
                self._settle()

    def _settle(self) -> str:
        if self._subject is None:
            self._subject = _subject(self._head[:HEAD_BYTES])
            self.announce(self._subject)
        return self._subject
