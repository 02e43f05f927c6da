"""Parse the range headers of requests and responses (RFC 9110, section 14). Pure."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from yt_dlp.networking import Request, Response

_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT, HTTPStatus.NOT_MODIFIED}
_CONTENT_RANGE = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)")
_UNSATISFIED = re.compile(r"bytes\s+\*/(\d+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True)
class Range:
    """A requested range of bytes."""

    first: int
    last: int | None = None
    """Inclusive; ``None`` means up to the end."""

    def __str__(self) -> str:
        return f"bytes={self.first}-{'' if self.last is None else self.last}"


@dataclass(frozen=True)
class Part:
    """The part of a file in a response, according to its headers."""

    first: int
    end: int | None
    """The position after its last byte, if known."""
    total: int | None
    """The size of the file, if known."""
    validator: str | None
    """The ETag, or else Last-Modified."""

    def belongs_to(self, file: "Part") -> bool:
        """Return whether both can be parts of the same version of a file."""
        return _agree(self.total, file.total) and _agree(self.validator, file.validator)


def read_range(request: Request) -> Range | None:
    """Return the range of a request, or ``None`` for the whole file."""
    found = _RANGE.fullmatch(str(request.headers.get("Range", "")).strip())
    return Range(int(found[1]), int(found[2]) if found[2] else None) if found else None


def read_part(response: Response, asked: Range | None = None) -> Part:
    """Return the part of a file in a response, according to its headers."""
    headers = response.headers
    validator = headers.get("ETag") or headers.get("Last-Modified")
    length = 0 if response.status in _BODILESS else _read_length(response)
    is_part = response.status == HTTPStatus.PARTIAL_CONTENT
    found = _CONTENT_RANGE.match(headers.get("Content-Range") or "")
    if not is_part and not (found and found[1] == "0"):  # some send the first part as 200 OK
        return Part(0, length, length, validator)
    if found:
        total = None if found[3] == "*" else int(found[3])
        return Part(int(found[1]), int(found[2]) + 1, total, validator)
    # Without Content-Range only a closed range of the right length can be trusted.
    is_exact = asked and asked.last is not None and length == asked.last - asked.first + 1
    first = asked.first if asked and is_exact else 0
    return Part(first, None if length is None else first + length, None, validator)


def read_refused_size(refusal: Response) -> int | None:
    """Return the size of a file from a refusal of a range (416)."""
    found = _UNSATISFIED.match(refusal.headers.get("Content-Range") or "")
    return int(found[1]) if found else None


def fits(part: Part, known: Part, asked: Range) -> bool:
    """Return whether a part belongs to the file of an earlier response.

    The validator counts for open ranges only: the nodes of a content delivery network, which
    serve closed ranges, may send different ones.
    """
    return _agree(part.total, known.total) and (
        asked.last is not None or _agree(part.validator, known.validator)
    )


def is_identity(response: Response) -> bool:
    """Return whether a body has no content coding, so that its positions are those of the file."""
    return (response.headers.get("Content-Encoding") or "identity").strip().lower() == "identity"


def _read_length(response: Response) -> int | None:
    text = (response.headers.get("Content-Length") or "").strip()
    return int(text) if text.isascii() and text.isdigit() and is_identity(response) else None


def _agree(one: object | None, other: object | None) -> bool:
    return one is None or other is None or one == other
