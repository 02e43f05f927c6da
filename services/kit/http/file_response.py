"""Send a file as a response: whole or a range, with checksums, in chunks."""

from base64 import b64encode
from dataclasses import dataclass
from typing import IO

from flask import Request, Response, send_file
from werkzeug.wsgi import FileWrapper

from foundation.content_disposition import attachment
from services.kit.http.file_names import safe_name

CHUNK_BYTES = 256 * 1024
"""Large enough for a negligible overhead per chunk, and small in memory."""


@dataclass(frozen=True)
class FileMetadata:
    """The metadata of a file that is sent in the response headers."""

    filename: str
    media_type: str
    size_bytes: int
    sha256: str
    """Checksums are in hexadecimal."""
    adler32: str | None = None


def send_job_file(request: Request, metadata: FileMetadata, content: IO[bytes]) -> Response:
    """Return a response with a file.

    Args:
        request: The request, which may be conditional or for a range.
        metadata: The file's metadata.
        content: The file, open and seekable; the response closes it.
    """
    response = send_file(
        content,
        mimetype=metadata.media_type,
        conditional=False,
        etag=metadata.sha256,
    )
    response.headers["Content-Disposition"] = attachment(safe_name(metadata.filename))
    # The wrapper of the WSGI server cannot seek: it would read a range from the file's start.
    response.response = FileWrapper(content, CHUNK_BYTES)
    response.content_length = metadata.size_bytes
    response.headers["Repr-Digest"] = _repr_digest(metadata)
    # A range in an unknown unit must be ignored (RFC 9110, section 14.2).
    is_in_bytes = request.headers.get("Range", "bytes=").strip().lower().startswith("bytes=")
    response.make_conditional(
        request, accept_ranges=is_in_bytes, complete_length=metadata.size_bytes
    )
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _repr_digest(metadata: FileMetadata) -> str:
    """Return the checksums in the format of RFC 9530: one strong, one fast."""
    sums = {"sha-256": metadata.sha256, "adler": metadata.adler32}
    encoded = {
        name: b64encode(bytes.fromhex(value)).decode() for name, value in sums.items() if value
    }
    return ", ".join(f"{name}=:{value}:" for name, value in encoded.items())
