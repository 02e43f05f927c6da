"""A file as an answer: whole or a range, with its checksum, in chunks."""

from base64 import b64encode
from dataclasses import dataclass
from typing import IO

from flask import Request, Response, send_file
from werkzeug.wsgi import FileWrapper

from foundation.content_disposition import attachment
from services.kit.http.file_names import safe_name

CHUNK_BYTES = 256 * 1024
"""Large enough that the work per chunk does not show, small in memory."""


@dataclass(frozen=True)
class FileFacts:
    """The metadata of a file that is sent in the response headers."""

    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    """Checksums are in hexadecimal."""
    adler32: str | None = None


def answer_file(request: Request, facts: FileFacts, content: IO[bytes]) -> Response:
    """Answer with a file.

    Args:
        request: What was asked for: all, a range, or only if it changed.
        facts: What the file is.
        content: The file, open and seekable; closed with the answer.
    """
    response = send_file(
        content,
        mimetype=facts.media_type,
        conditional=False,
        etag=facts.sha256,
    )
    response.headers["Content-Disposition"] = attachment(safe_name(facts.filename))
    # The server's own wrapper cannot seek: a range would be read from the file's beginning.
    response.response = FileWrapper(content, CHUNK_BYTES)
    response.content_length = facts.size_bytes
    response.headers["Repr-Digest"] = _repr_digest(facts)
    # A range in a unit that is not known is to be ignored (RFC 9110, section 14.2).
    is_in_bytes = request.headers.get("Range", "bytes=").strip().lower().startswith("bytes=")
    response.make_conditional(request, accept_ranges=is_in_bytes, complete_length=facts.size_bytes)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _repr_digest(facts: FileFacts) -> str:
    """Return the checksums as RFC 9530 writes them: one that is strong, one that costs little."""
    sums = {"sha-256": facts.sha256, "adler": facts.adler32}
    encoded = {
        name: b64encode(bytes.fromhex(value)).decode() for name, value in sums.items() if value
    }
    return ", ".join(f"{name}=:{value}:" for name, value in encoded.items())
