"""What the server refuses before the API sees it is answered like everything else."""

import json
import socket
from collections.abc import Iterator

import pytest

from tests.support.api_process import Api, running_api
from tools.ports import LOOPBACK

_LONG = b"x" * 9000
# What is sent, the status of the answer, and its code.
CASES = {
    "no request line": (b"\x00\x01\x02\r\n\r\n", 400, "bad_request"),
    "a method that cannot be": (b"G\x01T / HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "a version that cannot be": (b"GET / HTTP/9.9\r\n\r\n", 400, "bad_request"),
    "a header without a name": (b"GET / HTTP/1.1\r\n: x\r\n\r\n", 400, "bad_request"),
    "a header over two lines": (b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", 400, "bad_request"),
    "two lengths": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        400,
        "bad_request",
    ),
    "an address without end": (b"GET /" + _LONG + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
    "a header without end": (
        b"GET / HTTP/1.1\r\nA: " + _LONG + b"\r\n\r\n",
        431,
        "request_header_fields_too_large",
    ),
    "too many headers": (
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        431,
        "request_header_fields_too_large",
    ),
    "a wish that nobody grants": (
        b"POST / HTTP/1.1\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n",
        417,
        "expectation_failed",
    ),
    "an encoding that nobody knows": (
        b"POST /pipeline HTTP/1.1\r\nTransfer-Encoding: brotli\r\n\r\n",
        501,
        "not_implemented",
    ),
    "a chunk without a length": (
        b"POST /pipeline HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        400,
        "bad_request",
    ),
}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with running_api(tmp_path_factory.mktemp("refusals")) as api:
        yield port_of(api)


def port_of(api: Api) -> int:
    return int(api.orchestrator.address.rpartition(":")[2])


def exchange(port: int, request: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes and return the status, the headers and the body of the answer."""
    with socket.create_connection((LOOPBACK, port), timeout=10) as client:
        client.sendall(request)
        answer = b""
        while chunk := client.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(status_line.split()[1]), headers, body


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_read_is_refused_with_a_problem(port: int, case: str) -> None:
    request, expected_status, code = CASES[case]
    status, headers, body = exchange(port, request)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Server"] == "ytcaption"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    told = json.loads(body)
    assert (status, told["status"], told["code"]) == (expected_status, expected_status, code)
    assert told["request_id"] == headers["X-Request-ID"]
    assert headers["Content-Language"] == "pt"
    assert not {"gunicorn", "html", "Invalid"} & set(body.decode().replace("/", " ").split())
