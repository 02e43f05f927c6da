"""Headers, rate limits, languages and errors of all responses."""

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
    """An API without keys, behind one proxy, with low limits."""
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


def new_client() -> dict[str, str]:
    """Return the proxy's headers for a client IP address that has not been used before."""
    return {"X-Forwarded-For": f"203.0.113.{next(_numbers)}", "Accept-Language": "en"}


def test_every_response_has_security_headers(strict: Api) -> None:
    for path in ("/jobs", "/nowhere", "/health/live"):
        headers = strict.call("GET", path, headers=new_client()).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Server"] == "gunicorn", "without its version"


def test_a_valid_request_id_is_kept(strict: Api) -> None:
    answer = strict.call("GET", "/jobs/none", headers={**new_client(), "X-Request-ID": "web-7.a_B"})
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"] == "web-7.a_B"


@pytest.mark.parametrize("given", ["a b", "x" * 65, "<script>", "é", "a;b", ""])
def test_an_invalid_request_id_is_replaced(strict: Api, given: str) -> None:
    headers = {**new_client(), "X-Request-ID": given.encode("latin-1")}
    answer = strict.call("GET", "/jobs/none", headers=headers)  # type: ignore[arg-type]  # bytes too
    assert answer.headers["X-Request-ID"] != given
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]


def test_log_lines_of_a_request_have_its_id(strict: Api) -> None:
    headers = {**new_client(), "X-Request-ID": "logged-1"}
    job_id = strict.call("POST", "/pipeline", headers=headers, json=BODY).json()["job_id"]
    strict.call("POST", f"/jobs/{job_id}/cancel", headers={**headers, "X-Request-ID": "logged-2"})
    assert strict.orchestrator.api is not None
    log = strict.orchestrator.api.log_text()
    assert f"Job {job_id} cancelled [request_id=logged-2]" in log
    assert log.count("logged-2") == 1, "no other line has this id"


def test_a_rate_limited_response_says_when_to_retry(strict: Api) -> None:
    caller = new_client()
    answers = [strict.call("POST", "/pipeline", headers=caller, json={}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [429]
    assert answers[0].headers["RateLimit-Policy"] == '"submit";q=4;w=60'
    assert answers[0].headers["RateLimit"].startswith('"submit";r=3;t=')
    refused = answers[-1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "rate_limited"
    assert refused.headers["RateLimit"].startswith('"submit";r=0;t=')
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert strict.call("GET", "/jobs", headers=caller).ok, "reads have a separate limit"
    assert strict.call("POST", "/pipeline", headers=new_client(), json={}).status_code == 422


def test_all_of_several_limits_apply(strict: Api) -> None:
    caller = new_client()
    statuses = [strict.call("GET", "/jobs", headers=caller).status_code for _ in range(8)]
    assert statuses.count(200) in {3, 4, 5}
    assert statuses[-1] == 429


def test_a_rejection_by_a_short_limit_does_not_count_against_a_longer_one(strict: Api) -> None:
    caller = new_client()
    answers = [strict.call("GET", "/jobs", headers=caller) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert all(1 <= int(answer.headers["Retry-After"]) <= 60 for answer in refused)
    time.sleep(1.1)  # the short limit's window
    served = len(answers) - len(refused)
    assert strict.call("GET", "/jobs", headers=caller).ok == (served < 5)


def test_probes_are_not_limited(strict: Api) -> None:
    caller = new_client()
    answers = [strict.call("GET", "/health/live", headers=caller) for _ in range(8)]
    assert all(answer.ok for answer in answers)
    assert "RateLimit" not in answers[0].headers


def test_counts_have_the_orchestrators_prefix_and_expire(strict: Api) -> None:
    strict.call("GET", "/jobs", headers=new_client())
    with strict.orchestrator.redis() as client:
        found = list(client.scan_iter("orchestrator:limits:*"))
        assert found
        assert all(client.ttl(key) != -1 for key in found), "keys without expiry have -1"
        assert not [key for key in client.scan_iter("*") if not key.startswith("orchestrator:")]


def test_a_full_queue_rejects_jobs_until_one_has_ended(strict: Api) -> None:
    with strict.orchestrator.redis() as client:
        free = 2 - client.zcard("orchestrator:active")
        for _ in range(free):
            answer = strict.call("POST", "/pipeline", headers=new_client(), json=BODY)
            assert answer.status_code == 202
        before = client.dbsize()
        caller = new_client()
        refused = strict.call("POST", "/pipeline", headers=caller, json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["Retry-After"]) > 0
        assert client.dbsize() <= before + 1, "only the request count was added"
    strict.call("POST", f"/jobs/{answer.json()['job_id']}/cancel", headers=caller)
    accepted = strict.call("POST", "/pipeline", headers=caller, json=BODY)
    assert accepted.status_code == 202
    strict.call("POST", f"/jobs/{accepted.json()['job_id']}/cancel", headers=new_client())


def test_pages_of_an_allowed_origin_may_read_responses(strict: Api) -> None:
    answer = strict.call("GET", "/jobs", headers={**new_client(), "Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "Origin" in answer.headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{PAGE}.evil.example"])
def test_pages_of_other_origins_may_not(strict: Api, origin: str) -> None:
    answer = strict.call("GET", "/jobs", headers={**new_client(), "Origin": origin})
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_a_preflight_returns_the_allowed_methods_and_headers(strict: Api) -> None:
    headers = {**new_client(), "Origin": PAGE, "Access-Control-Request-Method": "POST"}
    answer = strict.call("OPTIONS", "/pipeline", headers=headers)
    assert answer.ok
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key", "X-API-Key"):
        assert name in answer.headers["Access-Control-Allow-Headers"]


def test_messages_are_portuguese_unless_english_is_preferred(strict: Api) -> None:
    for language, message in ((None, "Cleanup executado com sucesso"), ("en", "Cleanup completed")):
        headers = {**new_client(), "Accept-Language": language} if language else {}
        assert strict.call("POST", "/admin/cleanup", headers=headers).json()["message"] == message


def test_errors_are_in_the_callers_language(strict: Api) -> None:
    response = strict.call("POST", "/pipeline", headers={"Accept-Language": "pt-BR"}, json={})
    assert response.headers["Content-Language"] == "pt"
    assert response.json()["title"] == "Conteúdo inválido"
    assert response.json()["errors"] == [
        {"pointer": "#/youtube_url", "detail": "campo obrigatório"}
    ]
    assert strict.call("GET", "/jobs/none", headers=new_client()).json()["title"] == "Not Found"


def test_an_api_without_keys_warns_in_log_and_health(strict: Api) -> None:
    (warning,) = strict.call("GET", "/health", headers={"Accept-Language": "en"}).json()["warnings"]
    assert "API_KEYS" in warning
    assert strict.orchestrator.api is not None
    assert "WARNING - API_KEYS is not set" in strict.orchestrator.api.log_text()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/pipeline", 405), ("GET", "/jobs/%ff%00%0a", 404)],
)
def test_errors_of_flask_are_problems_too(strict: Api, method: str, path: str, status: int) -> None:
    answer = strict.call(method, path, headers=new_client())
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_body_that_is_too_large_is_refused(strict: Api) -> None:
    answer = strict.call("POST", "/pipeline", headers=new_client(), json={"x": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_a_chunked_body_that_is_too_large_is_refused(strict: Api) -> None:
    headers = {**new_client(), "Content-Type": "application/json", "Connection": "close"}
    chunks = (b"x" * 65536 for _ in range(32))
    answer = strict.call("POST", "/pipeline", headers=headers, data=chunks)
    assert answer.status_code == 413, answer.text


def test_while_redis_hangs_the_response_is_503_in_time(strict: Api) -> None:
    server = strict.orchestrator.redis_server
    server.pause()
    try:
        answer = requests.get(
            f"{strict.orchestrator.address}/jobs", headers=new_client(), timeout=5.0
        )
    finally:
        server.resume()
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_malformed_request_line_is_answered_without_a_traceback(strict: Api) -> None:
    port = int(strict.orchestrator.address.rpartition(":")[2])
    with socket.create_connection((LOOPBACK, port), timeout=5) as client:
        client.sendall(b"GET /jobs\x01 HTTP/9.9\r\n\r\n")
        answer = client.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 400")
    assert "Traceback" not in answer
