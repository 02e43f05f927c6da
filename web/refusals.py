"""Answers of the server itself, to what it cannot read: in problem+json like all others."""

import socket
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import gunicorn
from flask import Flask, Response
from gunicorn import util
from gunicorn.http.errors import LimitRequestHeaders, ParseException

from web.errors import refusal
from web.hygiene import name_request

__all__ = ["answer_in_problems"]

_WRITE_S: Final = 5.0
_LINGER_S: Final = 2.0


def answer_in_problems(app: Flask) -> None:
    """Have gunicorn refuse with problems instead of its pages of HTML.

    It has no setting for this: all its own answers go through one function, which is replaced.
    What breaks in the middle of a body reaches the app instead, as an error.
    """

    def write(client: socket.socket, status: int, _reason: str, _detail: str) -> None:
        client.settimeout(_WRITE_S)
        client.sendall(_render(app, status))
        _linger(client)

    util.write_error = write
    app.register_error_handler(ParseException, _refuse)


def _refuse(error: ParseException) -> Response:
    if isinstance(error, LimitRequestHeaders):
        return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    return refusal(HTTPStatus.BAD_REQUEST)


def _render(app: Flask, status: int) -> bytes:
    """Return a whole answer; Portuguese, since the request's own wish was not understood."""
    with app.test_request_context():
        name_request()
        response = app.process_response(refusal(status))
    head: dict[str, Any] = {"Server": gunicorn.SERVER, **response.headers, "Connection": "close"}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.get_data()


def _linger(client: socket.socket) -> None:
    """Take what the client is still sending: to close before would reset the connection.

    With a reset the client may lose the answer (RFC 9112, section 9.6).
    """
    ends_at = time.monotonic() + _LINGER_S
    with suppress(OSError):
        client.shutdown(socket.SHUT_WR)
        while (left_s := ends_at - time.monotonic()) > 0:
            client.settimeout(left_s)
            if not client.recv(65536):
                return
