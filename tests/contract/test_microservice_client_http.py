"""Features that requests provides: logins, certificates, proxies, connection reuse, deadlines."""

import base64
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from requests import PreparedRequest, Session

from orchestrator.errors import (
    ServiceError,
    ServiceRejectedError,
    ServiceUnavailableError,
    TurnInterruptedError,
)
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import MicroserviceClient, SourceArtifact
from tests.support.certificates import Authority
from tests.support.client import make_client
from tests.support.raw_server import KEPT, Exchange, Play, RawServer, answer
from tools.ports import LOOPBACK

JOB = b'{"id": "x_audio", "status": "queued"}'
GOOD = answer(JOB)
TOKEN = "the-service-token"
LOGIN = "us%40er:s%2Fecr%C3%A9t"


def with_login(url: str, login: str = LOGIN) -> str:
    return url.replace("://", f"://{login}@")


def basic(login: str) -> str:
    return f"Basic {base64.b64encode(login.encode()).decode()}"


def submit(client: MicroserviceClient) -> None:
    client.submit({"url": "http://video.test/a"}, idempotency_key="key")


def endless(name: str = "audio") -> SourceArtifact:
    """Return audio that does not end by itself."""

    def read() -> Iterator[bytes]:
        while True:
            yield bytes(64 * 1024)

    return SourceArtifact("source", name, 10_000_000_000, None, read)


@contextmanager
def opened() -> Iterator[SourceArtifact]:
    """Open audio that does not end by itself."""
    yield endless()


# --- logins --------------------------------------------------------------------------------


def test_a_login_in_the_url_authenticates_and_is_not_in_the_host_header() -> None:
    with RawServer(GOOD) as server:
        submit(make_client(with_login(server.url)))
        (headers,) = server.headers
        assert headers["host"] == server.url.removeprefix("http://")
        assert headers["authorization"] == basic("us@er:s/ecrét")
        assert server.lines == ["POST /jobs HTTP/1.1"]


def test_a_user_without_a_password_authenticates_too() -> None:
    with RawServer(GOOD) as server:
        submit(make_client(with_login(server.url, "user")))
    assert server.headers[0]["authorization"] == basic("user:")


def test_the_login_of_a_service_takes_precedence_over_the_token() -> None:
    with RawServer(GOOD) as server:
        submit(make_client(with_login(server.url, "user:secret"), service_token=TOKEN))
        submit(make_client(server.url, service_token=TOKEN))
        first, second = (headers["authorization"] for headers in server.headers)
    assert (first, second) == (basic("user:secret"), f"Bearer {TOKEN}")


def test_every_kind_of_call_carries_the_token() -> None:
    kept = {"Connection": "keep-alive"}
    with RawServer(answer(JOB, headers=kept)) as server:
        client = make_client(server.url, service_token=TOKEN)
        submit(client)
        client.poll("x_audio")
        client.delete("x_audio")
        client.health(timeout_s=5)
        client.fetch_page("languages", timeout_s=5)
        client.clean_up()
        assert len(server.headers) == 6
        assert {headers["authorization"] for headers in server.headers} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_netrc_file_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {LOOPBACK} login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(GOOD) as server:
        submit(make_client(server.url, service_token=token))
    assert server.headers[0].get("authorization") == (f"Bearer {token}" if token else None)


@pytest.mark.parametrize(
    "play",
    [answer(b"", status="500 Broken"), answer(b"", status="422 No"), answer(b"<html>"),
     answer(b"", status="302 Found", headers={"Location": "/login"}), lambda one: one.send(b"?")],
    ids=["error", "refusal", "nonsense", "redirect", "no HTTP"],
)  # fmt: skip
def test_no_error_and_no_log_shows_a_login(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    with RawServer(play) as server, caplog.at_level(logging.DEBUG):
        with pytest.raises(ServiceError) as caught:
            submit(make_client(with_login(server.url), service_token=TOKEN, http_max_retries=1))
        make_client(with_login(server.url)).health(timeout_s=1)
    shown = f"{caught.value} {caught.value!r} {caplog.text}"
    assert not any(secret in shown for secret in ("ecr", "us@er", "us%40er", TOKEN))


# --- cookies -------------------------------------------------------------------------------


def test_a_cookie_of_a_service_is_not_kept() -> None:
    play = answer(JOB, headers={"Set-Cookie": "session=1; Path=/", "Connection": "keep-alive"})
    with RawServer(play) as server:
        client = make_client(server.url)
        submit(client)
        submit(client)
        assert ["cookie" in headers for headers in server.headers] == [False, False]


# --- proxies and certificates ----------------------------------------------------------------


def test_a_proxy_of_the_environment_is_used_without_the_login_in_its_request_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with RawServer(GOOD) as proxy:
        monkeypatch.setenv("http_proxy", with_login(proxy.url, "proxy:door"))
        submit(make_client("http://user:secret@service.test:8001"))
        (headers,) = proxy.headers
        assert proxy.lines == ["POST http://service.test:8001/jobs HTTP/1.1"]
    assert headers["proxy-authorization"] == basic("proxy:door")
    assert headers["authorization"] == basic("user:secret")


def test_no_proxy_names_services_that_are_reached_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(GOOD) as server, RawServer(GOOD) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", LOOPBACK)
        submit(make_client(server.url))
        assert (len(server.lines), proxy.lines) == (1, [])


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[str]:
    """A server that answers every connection with a job, over TLS."""
    with socket.create_server((LOOPBACK, 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    raw, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(raw, server_side=True) as connection:
                        data = connection.recv(65536)
                        while not data.endswith(b"}") and (more := connection.recv(65536)):
                            data += more
                        head = b"HTTP/1.1 202 Accepted\r\nContent-Length: %d\r\n\r\n" % len(JOB)
                        connection.sendall(head + JOB)
                except OSError:
                    raw.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://{LOOPBACK}:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_the_authorities_of_requests_ca_bundle_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    with tls_server(authority.server(LOOPBACK)) as url:
        with pytest.raises(ServiceUnavailableError, match="its certificate is not valid"):
            submit(make_client(url, http_max_retries=0))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
        submit(make_client(url, http_max_retries=0))


def test_a_waiting_poll_over_tls_ends_when_the_worker_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, stop = Authority(tmp_path), StopSignal()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.path))
    ended: list[type[BaseException]] = []
    with tls_server(authority.server(LOOPBACK)) as url:  # which waits for a body that no poll has
        client = make_client(url, stop=stop, poll_wait_s=60)

        def poll() -> None:
            with pytest.raises(TurnInterruptedError) as caught:
                client.poll("x_audio")
            ended.append(caught.type)

        thread = threading.Thread(target=poll, daemon=True)
        thread.start()
        time.sleep(0.5)
        assert thread.is_alive()
        stop.set()
        thread.join(2)
    assert ended == [TurnInterruptedError]


# --- connections -----------------------------------------------------------------------------


def test_a_pooled_connection_that_the_service_has_closed_is_not_used() -> None:
    def keep_then_close(exchange: Exchange) -> None:
        answer(JOB, headers={"Connection": "keep-alive"})(exchange)

    with RawServer(keep_then_close) as server:
        client = make_client(server.url, http_max_retries=0)
        for _ in range(3):
            submit(client)
            time.sleep(0.05)
        assert server.connections == 3


@pytest.mark.parametrize("call", [submit, lambda client: client.poll("x_audio")])
def test_a_call_whose_connection_breaks_is_retried(call: object) -> None:
    kept = answer(JOB, headers={"Connection": "keep-alive"})
    with RawServer(kept, lambda exchange: exchange.read_body(), kept) as server:
        client = make_client(server.url, http_max_retries=1)
        submit(client)
        call(client)  # type: ignore[operator]
        assert server.connections == 2


def test_connections_are_returned_to_the_pool_after_every_call() -> None:
    kept = {"Connection": "keep-alive"}
    plays = (
        answer(b'{"detail": "no"}', status="422 No", headers=kept),
        answer(b"[]", headers=kept),
        answer(b"", status="304 Not Modified", headers=kept),
        answer(JOB, headers=kept),
    )
    with RawServer(*plays) as server:
        client = make_client(server.url, http_max_retries=0)
        for _ in range(2):
            with pytest.raises(ServiceError):
                submit(client)
        client.poll("x_audio")
        client.poll("x_audio")
        assert (len(server.lines), server.connections) == (4, 1)


def test_the_response_to_a_conditional_request_for_an_artifact_is_passed_on() -> None:
    with RawServer(answer(b"", status="304 Not Modified", headers={"ETag": '"a"'})) as server:
        client = make_client(server.url)
        with client.relay("x", {"If-None-Match": '"a"'}) as relay:
            assert (relay.status_code, relay.headers["etag"]) == (304, '"a"')
            assert list(relay.chunks) == []
        assert server.headers[0]["if-none-match"] == '"a"'


# --- uploads ---------------------------------------------------------------------------------


def test_an_error_response_during_an_upload_is_read() -> None:
    def refuse_early(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        exchange.wait(10)

    with RawServer(refuse_early) as server:
        client = make_client(server.url)
        began = time.monotonic()
        with pytest.raises(ServiceRejectedError) as caught:
            client.submit({}, idempotency_key="key", source=opened)
        assert time.monotonic() - began < 5
    assert caught.value.status_code == 413


def test_a_connection_with_half_an_upload_is_not_used_again() -> None:
    def refuse_early(exchange: Exchange) -> str:
        exchange.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        exchange.wait(0.3)
        return KEPT

    with RawServer(refuse_early, GOOD) as server:
        client = make_client(server.url)
        with pytest.raises(ServiceRejectedError):
            client.submit({}, idempotency_key="key", source=opened)
        submit(client)
        assert server.connections == 2


def test_an_upload_ends_at_the_limit_of_the_transfer() -> None:
    def take_slowly(exchange: Exchange) -> None:
        while not exchange.wait(0.01):
            exchange.connection.recv(64 * 1024)

    with RawServer(take_slowly) as server:
        client = make_client(server.url, timeout=0.5, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match=r"longer than 0.5 s"):
            client.submit({}, idempotency_key="key", source=opened)
        assert time.monotonic() - began < 5


def test_a_transfer_may_continue_for_a_while_after_the_stop() -> None:
    stop = StopSignal()

    def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not exchange.wait(0.02):
            exchange.send(b"x")

    with RawServer(drip) as server:
        client = make_client(server.url, stop=stop, shutdown_transfer_s=0.5)
        with client.open_artifact("x", default_filename="x") as artifact:
            chunks = artifact.chunks(limit_s=60)
            next(chunks)
            stop.set()
            told_at = time.monotonic()
            with pytest.raises(Exception, match="is stopping"):
                list(chunks)
    assert 0.3 < time.monotonic() - told_at < 3


def test_a_chunk_header_that_arrives_too_slowly_is_aborted() -> None:
    def drip(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not exchange.wait(0.02):
            exchange.send(b"0")

    with RawServer(drip) as server:
        client = make_client(server.url, status_timeout_s=0.5, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match="in time"):
            client.fetch_transcript("x")
        assert time.monotonic() - began < 4


# --- sessions --------------------------------------------------------------------------------


def test_the_environment_is_read_once_and_not_with_every_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    merge = Session.merge_environment_settings

    def count(self: Session, url: str, *how: object) -> object:
        asked.append(url)
        return merge(self, url, *how)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "merge_environment_settings", count)
    with RawServer(answer(JOB, headers={"Connection": "keep-alive"})) as server:
        client = make_client(with_login(server.url))
        for _ in range(3):
            submit(client)
        assert asked == [server.url]


def test_a_prepared_request_contains_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[PreparedRequest] = []
    send = Session.send

    def record(self: Session, request: PreparedRequest, **how: object) -> object:
        sent.append(request)
        return send(self, request, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "send", record)
    with RawServer(GOOD) as server:
        submit(make_client(with_login(server.url)))
        assert [request.url for request in sent] == [f"{server.url}/jobs"]
