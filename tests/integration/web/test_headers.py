"""What every answer of the API carries, how often it may be asked, and in which language."""

import socket
import time
from collections.abc import Iterator
from itertools import count

import pytest
import requests

from tests.support.api_process import VIDEO, Api, running_api
from tools.ports import LOOPBACK

PAGE = "https://app.example.com"
BODY = {"youtube_url": VIDEO}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An open API behind one proxy, with small limits."""
    with running_api(
        tmp_path_factory.mktemp("strict"),
        RATE_LIMIT_SUBMIT="4 per minute",
        RATE_LIMIT_READ="3 per second; 5 per minute",
        MAX_QUEUED_JOBS=2,
        TRUSTED_PROXIES=1,
        CORS_ORIGINS=PAGE,
    ) as api:
        yield api


_numbers = count(1)


def somebody() -> dict[str, str]:
    """Return headers as the proxy sends them for an address that has not called before."""
    return {"X-Forwarded-For": f"203.0.113.{next(_numbers)}", "Accept-Language": "en"}


def test_every_answer_is_guarded_against_what_browsers_do_with_data(strict: Api) -> None:
    for path in ("/jobs", "/nowhere", "/health/live"):
        headers = strict.call("GET", path, headers=somebody()).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"] == "gunicorn", "without its version"


def test_a_request_keeps_the_id_that_it_brings(strict: Api) -> None:
    answer = strict.call("GET", "/jobs/none", headers={**somebody(), "X-Request-ID": "web-7.a_B"})
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "web-7.a_B"


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "é", "a;b", ""])
def test_an_id_that_could_do_harm_is_replaced(strict: Api, given: str) -> None:
    headers = {**somebody(), "X-Request-ID": given.encode("latin-1")}
    answer = strict.call("GET", "/jobs/none", headers=headers)  # type: ignore[arg-type]  # bytes too
    assert answer.headers["X-Request-ID"] != given
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]


def test_what_is_logged_for_a_request_tells_its_id(strict: Api) -> None:
    headers = {**somebody(), "X-Request-ID": "logged-1"}
    job_id = strict.call("POST", "/pipeline", headers=headers, json=BODY).json()["job_id"]
    strict.call("POST", f"/jobs/{job_id}/cancel", headers={**headers, "X-Request-ID": "logged-2"})
    assert strict.orchestrator.api is not None
    log = strict.orchestrator.api.log_text()
    assert f"Job {job_id} cancelled [request_id=logged-2]" in log
    assert log.count("logged-2") == 1, "and nothing that was logged for others"


def test_whoever_asks_too_often_is_told_when_to_come_back(strict: Api) -> None:
    caller = somebody()
    answers = [strict.call("POST", "/pipeline", headers=caller, json={}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"submit";q=4;w=60'
    assert answers[0].headers["RateLimit"].startswith('"submit";r=3;t=')
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["RateLimit"].startswith('"submit";r=0;t=')
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert strict.call("GET", "/jobs", headers=caller).ok, "reading has a limit of its own"
    assert strict.call("POST", "/pipeline", headers=somebody(), json={}).status_code == 422


def test_of_several_limits_each_holds(strict: Api) -> None:
    caller = somebody()
    statuses = [strict.call("GET", "/jobs", headers=caller).status_code for _ in range(8)]
    assert statuses.count(200) in {3, 4, 5}
    assert statuses[-1] == 429


def test_what_a_short_limit_refuses_uses_up_none_of_a_longer_one(strict: Api) -> None:
    caller = somebody()
    answers = [strict.call("GET", "/jobs", headers=caller) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    time.sleep(1.1)  # the short limit's window
    served = len(answers) - len(refused)
    assert strict.call("GET", "/jobs", headers=caller).ok == (served < 5)


def test_probes_are_not_limited(strict: Api) -> None:
    caller = somebody()
    answers = [strict.call("GET", "/health/live", headers=caller) for _ in range(8)]
    assert all(answer.ok for answer in answers)
    assert "RateLimit" not in answers[0].headers


def test_counts_lie_below_the_orchestrator_s_prefix_and_end(strict: Api) -> None:
    strict.call("GET", "/jobs", headers=somebody())
    with strict.orchestrator.redis() as client:
        found = list(client.scan_iter("orchestrator:limits:*"))
        assert found
        assert all(client.ttl(key) != -1 for key in found), "those without a lifetime have -1"
        assert not [key for key in client.scan_iter("*") if not key.startswith("orchestrator:")]


def test_a_full_queue_refuses_and_accepts_again_when_a_job_has_ended(strict: Api) -> None:
    with strict.orchestrator.redis() as client:
        room = 2 - client.zcard("orchestrator:active")
        for _ in range(room):
            answer = strict.call("POST", "/pipeline", headers=somebody(), json=BODY)
            assert answer.status_code == 202
        before = client.dbsize()
        caller = somebody()
        refused = strict.call("POST", "/pipeline", headers=caller, json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.dbsize() <= before + 1, "only the count of its request"
    strict.call("POST", f"/jobs/{answer.json()['job_id']}/cancel", headers=caller)
    accepted = strict.call("POST", "/pipeline", headers=caller, json=BODY)
    assert accepted.status_code == 202
    strict.call("POST", f"/jobs/{accepted.json()['job_id']}/cancel", headers=somebody())


def test_pages_of_an_allowed_origin_may_read_answers(strict: Api) -> None:
    answer = strict.call("GET", "/jobs", headers={**somebody(), "Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil.example"])
def test_pages_of_other_origins_may_not(strict: Api, origin: str) -> None:
    answer = strict.call("GET", "/jobs", headers={**somebody(), "Origin": origin})
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_preflight_tells_what_is_allowed(strict: Api) -> None:
    headers = {**somebody(), "Origin": PAGE, "Access-Control-Request-Method": "POST"}
    answer = strict.call("OPTIONS", "/pipeline", headers=headers)
    assert answer.ok
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key", "X-API-Key"):
        assert name in answer.headers["Access-Control-Allow-Headers"]


def test_messages_are_portuguese_unless_english_is_preferred(strict: Api) -> None:
    for language, message in ((None, "Cleanup executado com sucesso"), ("en", "Cleanup done")):
        headers = {**somebody(), "Accept-Language": language} if language else {}
        assert strict.call("POST", "/admin/cleanup", headers=headers).json()["message"] == message


def test_errors_speak_the_caller_s_language(strict: Api) -> None:
    told = strict.call("POST", "/pipeline", headers={"Accept-Language": "pt-BR"}, json={})
    assert told.headers["Content-Language"] == "pt"
    assert told.json()["title"] == "Conteúdo inválido"
    assert told.json()["errors"] == [{"pointer": "#/youtube_url", "detail": "campo obrigatório"}]
    assert strict.call("GET", "/jobs/none", headers=somebody()).json()["title"] == "Not Found"


def test_an_open_api_is_loud_about_it(strict: Api) -> None:
    (warning,) = strict.call("GET", "/health", headers={"Accept-Language": "en"}).json()["warnings"]
    assert "API_KEYS" in warning
    assert strict.orchestrator.api is not None
    assert "WARNING - API_KEYS is not set" in strict.orchestrator.api.log_text()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/pipeline", 405), ("GET", "/jobs/%ff%00%0a", 404)],
)
def test_what_flask_refuses_is_a_problem_too(
    strict: Api, method: str, path: str, status: int
) -> None:
    answer = strict.call(method, path, headers=somebody())
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_body_that_is_too_large_is_refused(strict: Api) -> None:
    answer = strict.call("POST", "/pipeline", headers=somebody(), json={"x": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_a_body_of_unknown_length_is_bounded_too(strict: Api) -> None:
    headers = {**somebody(), "Content-Type": "application/json", "Connection": "close"}
    chunks = (b"x" * 65536 for _ in range(32))
    answer = strict.call("POST", "/pipeline", headers=headers, data=chunks)
    assert answer.status_code == 413, answer.text


def test_while_redis_hangs_the_answer_is_503_in_time(strict: Api) -> None:
    server = strict.orchestrator.redis_server
    server.pause()
    try:
        answer = requests.get(
            f"{strict.orchestrator.address}/jobs", headers=somebody(), timeout=5.0
        )
    finally:
        server.resume()
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_broken_request_line_ends_with_400_and_not_with_a_trace(strict: Api) -> None:
    port = int(strict.orchestrator.address.rpartition(":")[2])
    with socket.create_connection((LOOPBACK, port), timeout=5) as client:
        client.sendall(b"GET /jobs\x01 HTTP/9.9\r\n\r\n")
        answer = client.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "Traceback" not in answer
