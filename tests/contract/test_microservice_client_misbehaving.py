"""The client with a service that violates the contract: always an error, never a hang."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from orchestrator.errors import (
    RemoteJobLostError,
    ServiceError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
)
from orchestrator.microservice import MicroserviceClient
from tests.support.client import make_client
from tests.support.raw_server import Exchange, Play, RawServer, answer, drip

JOB = b'{"id": "x_audio", "status": "queued"}'
GOOD = answer(JOB)
NONSENSE = {
    "no JSON": b"<html>It works!</html>",
    "half of an object": b'{"id": "x_audio", "stat',
    "a list": b"[]",
    "null": b"null",
    "nothing": b"",
    "no identity": b'{"status": "queued"}',
    "no status": b'{"id": "x_audio"}',
    "no text": b"\xff\xfe\xfa{",
    "nested too deep": b"[" * 100_000,
}


def submit(client: MicroserviceClient) -> str:
    poll = client.submit({"url": "http://video.test/a"}, idempotency_key="key")
    assert poll.job is not None
    return poll.job.job_id


def error_of(play: Play, **settings: Any) -> ServiceError:
    """Return the error of a submission, which must fail at its first call."""
    with RawServer(play) as server:
        with pytest.raises(ServiceError) as caught:
            submit(make_client(server.url, http_max_retries=0, **settings))
        assert len(server.lines) == 1
    return caught.value


@pytest.mark.parametrize("body", NONSENSE.values(), ids=NONSENSE)
def test_an_invalid_response_is_transient(body: bytes) -> None:
    error = error_of(answer(body))
    assert isinstance(error, ServiceUnavailableError)
    assert "is invalid" in error.detail


def test_a_call_is_retried_after_invalid_responses() -> None:
    with RawServer(answer(b"<html>"), answer(b"[]"), GOOD) as server:
        assert submit(make_client(server.url)) == "x_audio"
        assert server.lines == ["POST /jobs HTTP/1.1"] * 3


def test_every_retry_has_the_same_idempotency_key() -> None:
    with RawServer(answer(b"<html>"), GOOD) as server:
        submit(make_client(server.url))
        assert [headers["idempotency-key"] for headers in server.headers] == ["key", "key"]


def test_a_redirect_is_not_followed() -> None:
    with RawServer(GOOD) as other:
        error = error_of(answer(b"", status="302 Found", headers={"Location": f"{other.url}/jobs"}))
        assert other.lines == []
    assert isinstance(error, ServiceUnavailableError)
    assert f"it redirects to {other.url}/jobs" in error.detail
    assert "set FAKE_URL to the final URL" in error.detail


@pytest.mark.parametrize("status_code", [300, 301, 303, 305, 306, 307, 308, 399])
def test_a_redirect_without_a_target_is_reported(status_code: int) -> None:
    error = error_of(answer(JOB, status=f"{status_code} Elsewhere"))
    assert isinstance(error, ServiceUnavailableError)
    assert "it redirects to nowhere" in error.detail


@pytest.mark.parametrize("mark", ["?", "#"])
def test_a_redirect_shows_no_login_and_no_query(mark: str) -> None:
    to = f"http://user:secret@elsewhere.test/jobs{mark}token=secret"
    error = error_of(answer(b"", status="307 Temporary Redirect", headers={"Location": to}))
    assert "http://elsewhere.test/jobs," in error.detail
    assert "secret" not in str(error)


BROKEN: dict[str, Play] = {
    "nothing at all": lambda exchange: exchange.send(b""),
    "not HTTP": lambda exchange: exchange.send(b"220 smtp.test ESMTP\r\n"),
    "half a head": lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a body that is cut off": answer(JOB, length=1000),
    "a lost reply": lambda exchange: exchange.read_body(),
    "hundreds of headers": answer(JOB, headers={f"X-{number}": "1" for number in range(200)}),
    "a gzip that is none": answer(JOB, headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("play", BROKEN.values(), ids=BROKEN)
def test_a_connection_that_breaks_is_transient(play: Play) -> None:
    assert isinstance(error_of(play), ServiceUnavailableError)


def test_a_content_length_that_is_too_short_makes_the_body_invalid() -> None:
    assert isinstance(error_of(answer(JOB, length=10)), ServiceUnavailableError)


def test_a_response_without_a_length_is_read_to_its_end() -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(JOB), JOB)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    whole = {"chunked": head + chunks, "closed": b"HTTP/1.1 200 OK\r\n\r\n" + JOB}
    for data in whole.values():
        with RawServer(lambda exchange, data=data: exchange.send(data)) as server:  # type: ignore[misc]
            assert submit(make_client(server.url)) == "x_audio"


def test_a_service_that_never_responds_times_out() -> None:
    began = time.monotonic()
    error = error_of(lambda exchange: exchange.wait(60), status_timeout_s=0.3)
    assert isinstance(error, ServiceUnavailableError)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "call",
    [
        submit,
        lambda client: client.poll("x_audio"),
        lambda client: client.fetch_transcript("x_audio"),
        lambda client: client.delete("x_audio"),
    ],
    ids=["submit", "poll", "transcript", "delete"],
)
def test_a_body_that_arrives_too_slowly_times_out(
    call: Callable[[MicroserviceClient], object],
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with RawServer(drip(head, b" ", every_s=0.05)) as server:
        client = make_client(server.url, timeout=0.5, status_timeout_s=0.5, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match="in time"):
            call(client)
        assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "call",
    [submit, lambda client: client.poll("x_audio"), lambda client: client.delete("x_audio")],
    ids=["submit", "poll", "delete"],
)
def test_a_response_head_that_arrives_too_slowly_times_out(
    call: Callable[[MicroserviceClient], object],
) -> None:
    with RawServer(drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", every_s=0.05)) as server:
        client = make_client(server.url, status_timeout_s=0.5, poll_wait_s=0.1, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match="in time"):
            call(client)
        assert time.monotonic() - began < 3


def test_a_health_page_that_arrives_too_slowly_is_unreachable() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    with RawServer(drip(head, b" ", every_s=0.05)) as server:
        began = time.monotonic()
        assert make_client(server.url).health(timeout_s=0.5) == "unreachable"
        assert time.monotonic() - began < 3


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
@pytest.mark.parametrize(("retry_after", "seconds"), [("7", 7.0), ("soon", 5.0), ("86400", 3600.0)])
def test_a_response_with_retry_after_is_overload(
    status: str, retry_after: str, seconds: float
) -> None:
    error = error_of(answer(b"busy", status=status, headers={"Retry-After": retry_after}))
    assert isinstance(error, ServiceOverloadedError)
    assert error.retry_after_s == seconds


def test_retry_after_may_be_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    error = error_of(answer(b"", status="503 Service Unavailable", headers={"Retry-After": date}))
    assert isinstance(error, ServiceOverloadedError)
    assert 30 < error.retry_after_s <= 60


def test_429_without_retry_after_is_overload() -> None:
    error = error_of(answer(b"", status="429 Too Many Requests"))
    assert isinstance(error, ServiceOverloadedError)
    assert error.retry_after_s == 5.0


def test_503_without_retry_after_is_transient() -> None:
    error = error_of(answer(b"", status="503 Service Unavailable"))
    assert isinstance(error, ServiceUnavailableError)
    assert error.status_code == 503


@pytest.mark.parametrize("status_code", [500, 502, 504, 599])
def test_a_server_error_is_transient(status_code: int) -> None:
    error = error_of(answer(b"", status=f"{status_code} Broken"))
    assert isinstance(error, ServiceUnavailableError)
    assert (error.status_code, error.detail) == (status_code, "Broken")


def test_a_server_error_is_retried_up_to_the_limit() -> None:
    with RawServer(answer(b"", status="500 Broken")) as server:
        with pytest.raises(ServiceUnavailableError):
            submit(make_client(server.url, http_max_retries=2))
        assert len(server.lines) == 3


@pytest.mark.parametrize("status_code", [400, 401, 403, 404, 409, 410, 413, 415, 422])
def test_a_client_error_is_permanent_and_not_retried(status_code: int) -> None:
    with RawServer(answer(b"", status=f"{status_code} No")) as server:
        with pytest.raises(ServiceRejectedError) as caught:
            submit(make_client(server.url, http_max_retries=3))
        assert len(server.lines) == 1
    assert caught.value.status_code == status_code


ERRORS = {
    "a problem": ({"title": "No", "detail": "Not audio", "code": "not_audio"}, "Not audio"),
    "a problem without detail": ({"title": "Not audio", "code": "not_audio"}, "Not audio"),
    "an error": ({"error": "Not audio"}, "Not audio"),
    "a framework's detail": ({"detail": "Not audio"}, "Not audio"),
    "an empty object": ({}, "Unprocessable"),
    "a list": (["Not audio"], "Unprocessable"),
    "text": ("Not audio", "Unprocessable"),
}


@pytest.mark.parametrize(("body", "detail"), ERRORS.values(), ids=ERRORS)
def test_the_reason_of_an_error_is_found_in_every_form(body: object, detail: str) -> None:
    error = error_of(answer(json.dumps(body).encode(), status="422 Unprocessable"))
    assert error.detail == detail
    has_code = isinstance(body, dict) and "code" in body
    assert error.code == ("not_audio" if has_code else "service_rejected")


@pytest.mark.parametrize("body", [b"plain words", b"", b"<h1>No</h1>", b"\xff\xfe"])
def test_an_error_without_json_has_the_reason_phrase_of_its_status(body: bytes) -> None:
    assert error_of(answer(body, status="422 Unprocessable")).detail == "Unprocessable"


def test_an_error_without_any_reason_is_reported_as_such() -> None:
    assert error_of(answer(b"", status="422 ")).detail == "no reason given"


@pytest.mark.parametrize("body", [b"", b'{"code": "not_found"}'])
def test_a_job_that_is_not_found_is_lost_and_not_retried(body: bytes) -> None:
    with RawServer(answer(body, status="404 Not Found")) as server:
        with pytest.raises(RemoteJobLostError):
            make_client(server.url).poll("x_audio")
        assert server.lines == ["GET /jobs/x_audio HTTP/1.1"]


def test_every_poll_asks_to_wait_and_sends_the_known_etag() -> None:
    with RawServer(answer(JOB, headers={"ETag": '"queued-0"'})) as server:
        client = make_client(server.url, poll_wait_s=20)
        poll = client.poll("x_audio")
        client.poll("x_audio", etag=poll.etag)
        first, second = server.headers
    assert first["prefer"] == "wait=20"
    assert "if-none-match" not in first
    assert (second["prefer"], second["if-none-match"]) == ("wait=20", '"queued-0"')


def test_no_poll_asks_to_wait_if_that_is_disabled() -> None:
    with RawServer(answer(JOB)) as server:
        make_client(server.url, poll_wait_s=0).poll("x_audio", etag='"queued-0"')
    assert "prefer" not in server.headers[0]


def test_a_service_may_hold_polls_open_without_preference_applied() -> None:
    def hold(exchange: Exchange) -> None:
        exchange.wait(0.6)
        GOOD(exchange)

    with RawServer(hold) as server:
        poll = make_client(server.url, poll_wait_s=1).poll("x_audio")
    assert poll.has_waited


def test_calls_share_one_connection() -> None:
    kept = {"Connection": "keep-alive"}
    plays = (
        answer(JOB, headers=kept | {"ETag": '"queued-0"'}),
        answer(b"", status="304 Not Modified", headers=kept),
        answer(b"", status="500 Broken", headers=kept),
        answer(JOB, headers=kept),
    )
    with RawServer(*plays) as server:
        client = make_client(server.url)
        for _ in range(3):
            client.poll("x_audio", etag='"queued-0"')
        assert len(server.lines) == 4
        assert server.connections == 1


def test_an_unchanged_job_without_an_etag_keeps_the_known_one() -> None:
    with RawServer(answer(b"", status="304 Not Modified")) as server:
        poll = make_client(server.url).poll("x_audio", etag='"queued-0"')
    assert (poll.job, poll.etag, poll.has_waited) == (None, '"queued-0"', False)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"status": "degraded"}', "degraded"),
        (b'{"status": 200}', "unknown"),
        (b"{}", "unknown"),
        (b"[]", "unreachable"),
        (b"<html>", "unreachable"),
    ],
)
def test_the_health_of_a_service_that_keeps_no_contract(body: bytes, word: str) -> None:
    with RawServer(answer(body)) as server:
        assert make_client(server.url).health(timeout_s=5) == word


def test_the_reported_health_counts_whatever_the_http_status() -> None:
    with RawServer(answer(b'{"status": "unhealthy"}', status="503 Down")) as server:
        assert make_client(server.url).health(timeout_s=5) == "unhealthy"


def test_a_retryable_client_error_is_overload() -> None:
    body = {"status": 422, "code": "model_unavailable", "detail": "Not now", "retryable": True}
    error = error_of(answer(json.dumps(body).encode(), status="422 Unprocessable"))
    assert isinstance(error, ServiceOverloadedError)
    assert error.retry_after_s > 0


def test_a_login_in_an_error_is_removed() -> None:
    body = {"detail": "http://user:secret@host.test/ is no source", "code": "unsupported_url"}
    error = error_of(answer(json.dumps(body).encode(), status="422 Unprocessable"))
    assert error.detail == "http://host.test/ is no source"


@pytest.mark.parametrize("body", [*NONSENSE.values(), b"x" * 1_000_000])
def test_a_page_may_contain_any_json(body: bytes) -> None:
    with RawServer(answer(body)) as server:
        page = make_client(server.url).fetch_page("languages", timeout_s=2)
    assert page is None or isinstance(page, (dict, list))


def test_a_page_that_arrives_too_slowly_is_none() -> None:
    with RawServer(drip(b"HTTP/1.1 200 OK\r\n\r\n", b" ", every_s=0.1)) as server:
        began = time.monotonic()
        assert make_client(server.url).fetch_page("languages", timeout_s=0.5) is None
        assert time.monotonic() - began < 2
        assert len(server.lines) == 1, "it is not asked again"


def test_an_endless_page_is_not_read_to_its_end() -> None:
    endless = drip(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 1_000_000, every_s=0)
    with RawServer(endless) as server:
        assert make_client(server.url).fetch_page("languages", timeout_s=30) is None


def test_a_page_of_a_service_that_is_down_is_none() -> None:
    assert make_client("http://127.0.0.1:9").fetch_page("languages", timeout_s=2) is None
