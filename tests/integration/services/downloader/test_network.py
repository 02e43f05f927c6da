"""A download never reaches a private network, by any path."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from foundation.addresses import is_public
from services.downloader.network import ForbiddenConnectionError, guarded
from services.downloader.settings import DownloaderSettings
from services.downloader.work import run
from services.kit.running.exemption import exempt
from services.kit.work import Artifact, JobContext, WorkError
from tests.support.private_addresses import PRIVATE_HOSTS
from tests.support.work_context import SAMPLES, RecordingReport

_CLIP = (SAMPLES / "jfk.wav").read_bytes()
_NEIGHBOUR = "127.0.0.2"  # another machine, as far as these tests are concerned


class Trap:
    """A web server on all loopback addresses that records its requests."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.server = ThreadingHTTPServer(("", 0), self._handler())
        self.port = self.server.server_port

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        trap = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                trap.reached.append(f"{self.connection.getsockname()[0]}{self.path}")
                trap.answer(self)

            def do_HEAD(self) -> None:
                self.do_GET()

            def log_message(self, *arguments: Any) -> None:
                """Keep quiet."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Redirect to the neighbour, name it in a playlist, or send the clip."""
        secret = f"http://{_NEIGHBOUR}:{self.port}/secret.wav"
        if request.path.startswith("/redirect"):
            request.send_response(302)
            request.send_header("Location", secret)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        is_list = request.path.endswith(".m3u8")
        piece = "clip.wav" if request.path == "/own.m3u8" else secret
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{piece}\n#EXT-X-ENDLIST\n"
        body = playlist.encode() if is_list else _CLIP
        request.send_response(200)
        request.send_header(
            "Content-Type", "application/vnd.apple.mpegurl" if is_list else "audio/wav"
        )
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(body)


@pytest.fixture(scope="module")
def server() -> Iterator[Trap]:
    trap = Trap()
    thread = threading.Thread(target=trap.server.serve_forever)
    thread.start()
    yield trap
    trap.server.shutdown()
    trap.server.server_close()
    thread.join()


@pytest.fixture
def trap(server: Trap) -> Trap:
    server.reached.clear()
    return server


def is_public_or_here(address: str) -> bool:
    return address == "127.0.0.1" or is_public(address)


def download(url: str, directory: Path, *, is_allowed: Any = is_public) -> Artifact:
    context = JobContext("job", {"url": url}, directory, RecordingReport())
    return run(context, DownloaderSettings(), is_allowed)


def refusal(url: str, directory: Path, *, is_allowed: Any = is_public) -> str:
    with pytest.raises(WorkError) as error:
        download(url, directory, is_allowed=is_allowed)
    assert not error.value.retryable
    return error.value.code


# Names that no resolver of a test machine knows end otherwise, and never at an address.
_UNKNOWN_NAMES = {
    "www.youtube.com%40x@127.0.0.1",
    "localhost.localdomain",
    "www.localhost",
    "metadata.google.internal",
    "printer.local",
    "router.home.arpa",
}


@pytest.mark.parametrize("host", [host for host in PRIVATE_HOSTS if host not in _UNKNOWN_NAMES])
def test_a_private_address_is_never_connected_to(host: str, trap: Trap, tmp_path: Path) -> None:
    with pytest.raises(WorkError) as error:
        download(f"http://{host}:{trap.port}/clip.wav", tmp_path)
    assert error.value.code in {
        "forbidden_address",
        "host_not_found",
        "source_unreachable",
        "unsupported_url",
    }
    assert trap.reached == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost",
     "user@127.0.0.1", "0", "10.0.0.1", "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]"],
)  # fmt: skip
def test_the_refusal_says_that_the_address_is_forbidden(
    host: str, trap: Trap, tmp_path: Path
) -> None:
    assert refusal(f"http://{host}:{trap.port}/clip.wav", tmp_path) == "forbidden_address"


def test_a_redirect_into_a_private_network_is_not_followed(trap: Trap, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{trap.port}/redirect.wav"
    assert refusal(url, tmp_path, is_allowed=is_public_or_here) == "forbidden_address"
    assert trap.reached
    assert not [path for path in trap.reached if "secret" in path]


def test_a_playlist_does_not_lead_into_a_private_network(trap: Trap, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{trap.port}/list.m3u8"
    assert refusal(url, tmp_path, is_allowed=is_public_or_here) == "forbidden_address"
    assert trap.reached
    assert not [path for path in trap.reached if "secret" in path]


def test_a_name_that_changes_between_check_and_use_gains_nothing(
    trap: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", _NEIGHBOUR])
    last = _NEIGHBOUR

    def resolve(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        address = next(answers, last)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = f"http://rebinding.example:{trap.port}/own.m3u8"
    assert refusal(url, tmp_path, is_allowed=is_public_or_here) == "forbidden_address"
    assert trap.reached
    assert all(path.startswith("127.0.0.1/") for path in trap.reached)


def test_what_is_allowed_is_downloaded(trap: Trap, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{trap.port}/clip.wav"
    artifact = download(url, tmp_path, is_allowed=is_public_or_here)
    assert artifact.path.read_bytes() == _CLIP


def test_private_addresses_can_be_allowed_and_that_is_logged(
    trap: Trap, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = JobContext(
        "job", {"url": f"http://127.0.0.1:{trap.port}/clip.wav"}, tmp_path, RecordingReport()
    )
    artifact = run(context, DownloaderSettings(allow_private_addresses=True))
    assert artifact.path.read_bytes() == _CLIP
    assert "ALLOW_PRIVATE_ADDRESSES" in caplog.text


def test_exempt_threads_reach_private_addresses(trap: Trap) -> None:
    address = ("127.0.0.1", trap.port)
    with guarded():
        with pytest.raises(ForbiddenConnectionError):
            socket.create_connection(address)
        with exempt(), socket.create_connection(address):
            pass
        with pytest.raises(ForbiddenConnectionError):
            socket.create_connection(address)
    with socket.create_connection(address):
        pass


def test_the_guard_sees_threads_and_names_and_programs_too(trap: Trap) -> None:
    refused: list[str | None] = []

    def connect() -> None:
        with socket.socket() as one, pytest.raises(ForbiddenConnectionError):
            one.connect(("localhost", trap.port))
        with socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(ForbiddenConnectionError):
            one.sendto(b"", ("127.0.0.1", 9))
        refused.append(guard.refused)

    with guarded() as guard:
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
        with pytest.raises(ForbiddenConnectionError):
            subprocess.run(["curl", f"http://127.0.0.1:{trap.port}/"], check=False)
    assert refused == ["127.0.0.1"]
    assert trap.reached == []
