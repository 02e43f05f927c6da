"""Malformed requests that gunicorn rejects before they reach the API."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.support.api_process import Api, running_api
from tools.ports import LOOPBACK

_LONG = b"x" * 9000
# The bytes to send and the expected status.
CASES = {
    "no request line": (b"\x00\x01\x02\r\n\r\n", 400),
    "an invalid method": (b"G\x01T / HTTP/1.1\r\n\r\n", 400),
    "an invalid version": (b"GET / HTTP/9.9\r\n\r\n", 400),
    "a header without a name": (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400),
    "a header over two lines": (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "a URL that is too long": (b"GET /" + _LONG + b" HTTP/1.1\r\n\r\n", 414),
    "a header that is too long": (b"GET / HTTP/1.1\r\nA: " + _LONG + b"\r\n\r\n", 431),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n", 431),
    "an unknown transfer encoding": (
        b"POST /pipeline HTTP/1.1\r\nTransfer-Encoding: brotli\r\n\r\n",
        501,
    ),
}
BROKEN_CHUNK = (
    b"POST /pipeline HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
    b"Content-Type: application/json\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("refusals")) as running:
        yield running


def exchange(api: Api, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and return the status, the headers and the body of the answer."""
    port = int(api.orchestrator.address.rpartition(":")[2])
    answer = b""
    with socket.create_connection((LOOPBACK, port), timeout=10) as client:
        client.sendall(request)
        try:
            while chunk := client.recv(65536):
                answer += chunk
        except ConnectionResetError:  # gunicorn closes with the rest of the request unread
            pass
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(status_line.split()[1]), headers, body


@pytest.mark.parametrize("case", CASES)
def test_gunicorn_rejects_invalid_http(api: Api, case: str) -> None:
    request, expected_status = CASES[case]
    status, headers, body = exchange(api, request)
    assert status == expected_status
    assert headers["Connection"] == "close"
    assert b"Traceback" not in body
    assert api.orchestrator.api is not None
    assert "Traceback" not in api.orchestrator.api.log_text()


def test_a_malformed_chunk_is_a_problem(api: Api) -> None:
    status, headers, body = exchange(api, BROKEN_CHUNK)
    assert (status, json.loads(body)["code"]) == (400, "bad_request")
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Server"] == "gunicorn", "without its version"
