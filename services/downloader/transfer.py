"""Read response bodies completely or fail: resume broken transfers, count and limit bytes.

The size of a body is announced (RFC 9110, RFC 9112) by ``Content-Length``, the last chunk of a
chunked body, or the total of a ``Content-Range``. A body that ends early is resumed with a
``Range`` request. If the server does not support that, reading raises ``IncompleteRead``, never an
early end of file.
"""

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Protocol

from yt_dlp.networking import Request, Response
from yt_dlp.networking.exceptions import HTTPError, IncompleteRead, TransportError

from services.downloader.ranges import (
    Part,
    Range,
    fits,
    is_identity,
    read_part,
    read_range,
    read_refused_size,
)

_BLOCK_BYTES = 256 * 1024
_MAX_PAGE_BYTES = 64 * 1024 * 1024  # read into memory at once: pages, manifests, keys
_MAX_IDLE_BREAKS = 3  # in a row, without a byte between them
_MAX_BREAKS = 100
_GATHERING_S = 0.5


class PageTooLargeError(TransportError):  # type: ignore[misc]  # yt-dlp has no types
    """A body that is read into memory exceeds the limit."""


class Count(Protocol):
    """Counts received bytes; raises at the limits of a download."""

    def __call__(self, n_bytes: int) -> None:
        """Add a number of bytes; a negative number takes back discarded bytes."""


Send = Callable[[Request], Response]


class Transfer(Response):  # type: ignore[misc]  # yt-dlp has no types
    """A response that resumes itself, and never ends before its announced size.

    Args:
        response: The first response.
        part: The part of the file in it.
        span: The first position to return, and the position to stop at (``None``: the end).
        count: Called with the number of bytes received.
        reopen: Sends the request again for another range; ``None`` if that is not possible.
        pause_s: Pause before the transfer is resumed; it doubles while no bytes arrive.
    """

    def __init__(
        self,
        response: Response,
        part: Part,
        span: tuple[int, int | None],
        count: Count,
        reopen: Callable[[Range], Response] | None,
        *,
        pause_s: float,
    ) -> None:
        super().__init__(response, response.url, response.headers, response.status, response.reason)
        self.extensions = response.extensions
        self.part = part
        self._count, self._reopen, self._pause_s = count, reopen, pause_s
        self._first, self._stop = span
        self._position = part.first
        self._part_end = part.end
        self._head = b""
        self._breaks = self._idle_breaks = 0
        self._broken_at = -1
        _return_available(response)
        if self._stop is not None and is_identity(response):
            _set_header(self, "Content-Length", str(self._stop - self._first))

    def read(self, amt: int | None = None) -> bytes:
        """Return the next bytes, at most ``amt``; all of them if ``amt`` is ``None``.

        Raises:
            IncompleteRead: The body ended early and cannot be resumed.
            PageTooLargeError: ``amt`` is ``None``, and the body exceeds the limit for memory.
        """
        if amt is None:
            return self._read_all()
        if self._head:
            data, self._head = self._head[:amt], self._head[amt:]
            return data
        return self._fetch(amt)

    def peek(self, amt: int) -> bytes:
        """Return the next bytes, at most ``amt``, without consuming them."""
        while len(self._head) < amt and (block := self._fetch(amt - len(self._head))):
            self._head += block
        return self._head[:amt]

    def present_as_part(self) -> None:
        """Set the headers to the returned range, whatever the server sent."""
        if self._stop is not None:
            total = "*" if self.part.total is None else self.part.total
            self.status = HTTPStatus.PARTIAL_CONTENT
            _set_header(self, "Content-Range", f"bytes {self._first}-{self._stop - 1}/{total}")

    def close(self) -> None:
        """Close the connection."""
        self.fp.close()
        super().close()

    def _read_all(self) -> bytes:
        blocks = [self._head]
        self._head = b""
        size = len(blocks[0])
        while block := self._fetch(_BLOCK_BYTES):
            size += len(block)
            if size > _MAX_PAGE_BYTES:
                raise PageTooLargeError(f"more than {_MAX_PAGE_BYTES} bytes in one page")
            blocks.append(block)
        return b"".join(blocks)

    def _fetch(self, amt: int) -> bytes:
        """Return what arrives within half a second, to bound both the calls and the wait."""
        blocks: list[bytes] = []
        left = min(amt, _BLOCK_BYTES)
        until = time.monotonic() + _GATHERING_S
        while left and (block := self._fetch_once(left)):
            blocks.append(block)
            left -= len(block)
            if time.monotonic() > until:
                break
        return b"".join(blocks)

    def _fetch_once(self, amt: int) -> bytes:
        while True:
            data = self._receive(amt)
            self._count(len(data))
            skipped = max(0, self._first - self._position)  # the server ignored the range
            self._position += len(data)
            if not data or len(data) > skipped:
                return data[skipped:]

    def _receive(self, amt: int) -> bytes:
        """Return bytes; none at the announced end, or at the end of a body without a size."""
        while not self._is_complete():
            problem: Exception | None = None
            left = amt if self._stop is None else min(amt, self._stop - self._position)
            try:
                data: bytes = self.fp.read(left)
            except TransportError as error:
                problem = error
            else:
                if data or self._stop is None:
                    return data or b""
            self._resume(problem)
        return b""

    def _is_complete(self) -> bool:
        return self._stop is not None and self._position >= self._stop

    def _resume(self, problem: Exception | None) -> None:
        """Resume at the current position, or raise ``IncompleteRead``."""
        is_part_whole = problem is None and self._part_end == self._position
        if not is_part_whole:  # some servers send large files in parts of their own size
            self._record_break(problem)
        if self._reopen is None:
            raise self._make_failure() from problem
        self.fp.close()
        while not self._try_reopen(self._reopen):
            self._record_break(problem)

    def _try_reopen(self, reopen: Callable[[Range], Response]) -> bool:
        last = None if self._stop is None else self._stop - 1
        try:
            response = reopen(Range(self._position, last))
        except HTTPError as error:
            if self._has_all(error):
                self._stop = self._position
                return True
            if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise self._make_failure() from error
            return False
        except TransportError:
            return False
        self._continue_with(response)
        return True

    def _continue_with(self, response: Response) -> None:
        part = read_part(response, Range(self._position, None))
        if part.first != self._position or not part.belongs_to(self.part):
            response.close()
            raise self._make_failure()
        self.fp, self._part_end = _return_available(response), part.end
        if self._stop is None:
            self._stop = part.total

    def _record_break(self, problem: Exception | None) -> None:
        is_idle = self._position == self._broken_at
        self._breaks += 1
        self._idle_breaks = self._idle_breaks + 1 if is_idle else 0
        self._broken_at = self._position
        if self._breaks > _MAX_BREAKS or self._idle_breaks >= _MAX_IDLE_BREAKS:
            raise self._make_failure() from problem
        time.sleep(self._pause_s * 2**self._idle_breaks)

    def _make_failure(self) -> IncompleteRead:
        missing = None if self._stop is None else self._stop - self._position
        return IncompleteRead(partial=self._position - self._first, expected=missing)

    def _has_all(self, refusal: HTTPError) -> bool:
        """Return whether a refused range shows that the file is complete."""
        return self._stop is None and read_refused_size(refusal.response) == self._position


def open_transfer(
    send: Send, request: Request, count: Count, known: Part | None, *, pause_s: float
) -> Transfer:
    """Send a request and return its body as a transfer.

    Args:
        send: Sends a request; raises yt-dlp's errors.
        request: The request. If the server ignores its range, a closed range is still applied;
            for an open range, the whole file is returned and its reader starts from scratch.
        count: Called with the number of bytes received.
        known: The part of the file in an earlier response.
        pause_s: Pause before a broken transfer is resumed.

    Raises:
        IncompleteRead: The server returned another part of the file than requested.
    """
    asked = read_range(request)
    response = send(request)
    part = read_part(response, asked)
    if asked and response.status == HTTPStatus.PARTIAL_CONTENT:
        is_right = part.first == asked.first and (known is None or fits(part, known, asked))
        if not is_right:
            response.close()
            if asked.last is not None:
                raise IncompleteRead(partial=0, expected=asked.last - asked.first + 1)
            whole = request.copy()
            del whole.headers["Range"]
            asked, response = None, send(whole)
            part = read_part(response)
            count(-(read_range(request) or Range(0)).first)
    elif asked and asked.last is None:
        count(-asked.first)
    if not asked and part.first:
        response.close()
        raise IncompleteRead(partial=0, expected=part.first)
    reopen = partial(_reopen, send, request, response.url)
    transfer = Transfer(
        response,
        part,
        _span(part, asked),
        count,
        reopen if _can_continue(request, response) else None,
        pause_s=pause_s,
    )
    if asked and (asked.last is not None or response.status == HTTPStatus.PARTIAL_CONTENT):
        transfer.present_as_part()
    return transfer


def _span(part: Part, asked: Range | None) -> tuple[int, int | None]:
    """Return the positions to read: the requested range, limited to the size of the file."""
    first = asked.first if asked and asked.last is not None else part.first
    known = part.total if part.total is not None else part.end
    if asked is None or asked.last is None:
        return first, known
    return first, asked.last + 1 if known is None else min(asked.last + 1, known)


def _can_continue(request: Request, response: Response) -> bool:
    return request.method == "GET" and request.data is None and is_identity(response)


def _reopen(send: Send, request: Request, final_url: str, wanted: Range) -> Response:
    again = request.copy()
    if not {"Authorization", "Cookie"} & {name.title() for name in request.headers}:
        again.url = final_url  # a redirecting link may work only once
    again.headers["Range"] = str(wanted)
    again.headers["Accept-Encoding"] = "identity"
    return send(again)


def _return_available(response: Any) -> Any:
    """Have a response of Requests return available bytes instead of waiting for more."""
    if hasattr(response.fp, "read1") and "_real_read" in dir(response):
        vars(response)["_real_read"] = partial(_read_arrived, response.fp)
    return response


def _read_arrived(body: Any, amt: int) -> bytes:
    return body.read1(amt, decode_content=True) or b""


def _set_header(response: Response, name: str, value: str) -> None:
    del response.headers[name]
    response.headers[name] = value
