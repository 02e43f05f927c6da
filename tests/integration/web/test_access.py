"""Access to every route of the API with each kind of key."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.domain.access import make_key
from tests.support.api_process import VIDEO, Api, running_api

_PROJECT = Path(__file__).parents[3]
_LIST_ROUTES = """
import json
from web.app import create_app
rules = create_app().url_map.iter_rules()
print(json.dumps([[method, rule.rule] for rule in rules for method in sorted(rule.methods)]))
"""
SCOPES = {
    "ann-submits": ("ann", ["submit"]),
    "ann-reads": ("ann", ["read"]),
    "ann": ("ann", ["submit", "read"]),
    "bob": ("bob", ["submit", "read"]),
    "root": ("root", ["admin"]),
}


@dataclass(frozen=True)
class Guarded:
    """An API with keys, and the clear text of the keys."""

    api: Api
    keys: dict[str, str]
    routes: list[tuple[str, str]]

    def submit(self, who: str) -> str:
        return self.api.submit(key=self.keys[who])

    def total(self, who: str, query: str = "") -> int:
        page = self.api.call("GET", f"/jobs{query}", key=self.keys[who]).json()
        assert len(page["jobs"]) == page["total"]
        return int(page["total"])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    made = {who: make_key(name, scopes) for who, (name, scopes) in SCOPES.items()}
    lines = ",".join(str(key) for _, key in made.values())
    directory = tmp_path_factory.mktemp("guarded")
    with running_api(
        directory, API_KEYS=lines, ENVIRONMENT="production", RATE_LIMIT_WRONG_KEYS="none"
    ) as api:
        listed = subprocess.run(
            [sys.executable, "-c", _LIST_ROUTES],
            env=api.orchestrator.environment,
            cwd=_PROJECT,
            capture_output=True,
            text=True,
            check=True,
        )
        routes = [(method, rule) for method, rule in json.loads(listed.stdout)]
        yield Guarded(api, {who: clear for who, (clear, _) in made.items()}, routes)


def documented_scope(method: str, rule: str) -> str | None:
    """Return the scope that a route requires according to the documentation."""
    if method == "OPTIONS" or rule == "/":
        return None
    if rule.startswith(("/health", "/openapi.json", "/docs", "/ui/")):
        return None
    if rule.startswith(("/admin", "/metrics")):
        return "admin"
    return "read" if method in {"GET", "HEAD"} else "submit"


def path_of(rule: str, job_id: str, batch_id: str) -> str:
    """Fill in the placeholders of a route's path."""
    path = rule.replace("<job_id>", job_id).replace("<batch_id>", batch_id)
    return "/".join("some" if part.startswith("<") else part for part in path.split("/"))


def make_batch(guarded: Guarded, who: str) -> str:
    answer = guarded.api.call(
        "POST", "/batches", key=guarded.keys[who], json={"youtube_urls": [VIDEO]}
    )
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batch_id"])


def test_the_matrix_covers_every_scope(guarded: Guarded) -> None:
    kinds = {documented_scope(method, rule) for method, rule in guarded.routes}
    assert kinds == {None, "admin", "read", "submit"}
    assert ("POST", "/pipeline") in guarded.routes
    assert ("DELETE", "/jobs/<job_id>") in guarded.routes


@pytest.mark.parametrize("key", [None, "wrong", "ytc_" + "x" * 43, "\xe9"])
def test_without_a_valid_key_only_public_routes_respond(guarded: Guarded, key: str | None) -> None:
    job_id = guarded.submit("ann")
    for method, rule in guarded.routes:
        answer = guarded.api.call(method, path_of(rule, job_id, "some"), key=key)
        is_refused = answer.status_code == 401
        assert is_refused == (documented_scope(method, rule) is not None), (
            method,
            rule,
            answer.status_code,
        )
        if is_refused:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("who", ["ann-submits", "ann-reads", "ann", "root"])
def test_a_key_grants_exactly_its_scopes(guarded: Guarded, who: str) -> None:
    scopes = set(SCOPES[who][1])
    batch_id = make_batch(guarded, "ann")
    for method, rule in guarded.routes:
        job_id = guarded.submit("ann")
        may = documented_scope(method, rule) is None or bool(
            scopes & {documented_scope(method, rule), "admin"}
        )
        answer = guarded.api.call(method, path_of(rule, job_id, batch_id), key=guarded.keys[who])
        assert (answer.status_code != 403) == may, (method, rule, answer.status_code)
        assert answer.status_code != 401, (method, rule)
        if may and answer.status_code == 404 and method != "HEAD":
            assert answer.json()["code"] not in {"job_not_found", "batch_not_found"}, (method, rule)
        if answer.ok and rule == "/admin/factory-reset":
            batch_id = make_batch(guarded, "ann")


def test_jobs_and_batches_of_others_are_not_found(guarded: Guarded) -> None:
    job_id, batch_id = guarded.submit("ann"), make_batch(guarded, "ann")
    nobodys = "0123456789abcdef"
    for method, rule in guarded.routes:
        if "<job_id>" not in rule and "<batch_id>" not in rule:
            continue
        if method == "OPTIONS":
            continue
        path = path_of(rule, job_id, batch_id)
        answer = guarded.api.call(method, path, key=guarded.keys["bob"])
        absent = guarded.api.call(method, path_of(rule, nobodys, nobodys), key=guarded.keys["bob"])
        assert answer.status_code == absent.status_code == 404, (method, rule)
        if method != "HEAD":
            body = answer.text.replace(answer.headers["X-Request-ID"], "")
            expected = absent.text.replace(absent.headers["X-Request-ID"], "")
            assert body == expected.replace(nobodys, job_id if job_id in body else batch_id)
    mine = guarded.api.call("GET", f"/jobs/{job_id}", key=guarded.keys["ann"]).json()
    assert mine["status"] == "queued", "the job was not cancelled"


def test_a_list_contains_and_counts_only_the_callers_jobs(guarded: Guarded) -> None:
    api, keys = guarded.api, guarded.keys
    before = {who: guarded.total(who, "?limit=200") for who in ("ann", "bob", "root")}
    kept, cancelled = guarded.submit("bob"), guarded.submit("bob")
    assert api.call("POST", f"/jobs/{cancelled}/cancel", key=keys["bob"]).ok

    after = {who: guarded.total(who, "?limit=200") for who in ("ann", "bob", "root")}
    assert after == {"ann": before["ann"], "bob": before["bob"] + 2, "root": before["root"] + 2}
    listed = api.call("GET", "/jobs?status=cancelled", key=keys["bob"]).json()
    assert [job["job_id"] for job in listed["jobs"]] == [cancelled]
    assert (
        guarded.total("root", "?status=cancelled") == guarded.total("ann", "?status=cancelled") + 1
    )
    assert api.call("DELETE", f"/jobs/{cancelled}", key=keys["bob"]).status_code == 204
    assert guarded.total("bob", "?status=cancelled") == 0
    assert api.call("GET", f"/jobs/{kept}", key=keys["root"]).json()["status"] == "queued"


def test_keys_of_one_name_share_their_jobs(guarded: Guarded) -> None:
    job_id = guarded.submit("ann-submits")
    assert guarded.api.call("GET", f"/jobs/{job_id}", key=guarded.keys["ann-reads"]).ok


def test_the_submit_scope_does_not_reveal_transcripts(guarded: Guarded) -> None:
    job_id = guarded.submit("ann")
    with guarded.api.orchestrator.redis() as client:
        client.hset(f"orchestrator:job:{job_id}", "status", "completed")
        made = {"text": "Este é o fim", "segments": "[]"}
        client.hset(f"orchestrator:job:{job_id}:result", mapping=made)
    for who, text in (("ann-submits", None), ("ann", made["text"]), ("root", made["text"])):
        answer = guarded.api.call("POST", f"/jobs/{job_id}/cancel", key=guarded.keys[who]).json()
        assert (answer["status"], answer["transcription_text"]) == ("completed", text), who


def test_a_key_is_accepted_in_x_api_key(guarded: Guarded) -> None:
    headers = {"X-API-Key": guarded.keys["ann"], "Authorization": "Basic dTpw"}
    assert guarded.api.call("GET", "/jobs", headers=headers).ok
    assert guarded.api.call("GET", "/jobs", headers={"X-API-Key": "wrong"}).status_code == 401


def test_an_unknown_path_is_not_found_even_without_a_key(guarded: Guarded) -> None:
    assert guarded.api.call("GET", "/nowhere").status_code == 404


def test_an_api_with_keys_reports_no_warnings(guarded: Guarded) -> None:
    assert guarded.api.call("GET", "/health").json()["warnings"] == []
    log = guarded.api.orchestrator.api
    assert log is not None
    assert "API_KEYS" not in log.log_text()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("ENVIRONMENT", "production", "ENVIRONMENT=production requires API_KEYS"),
        ("WORKERS", "many", "Cannot use the settings: WORKERS: "),
    ],
)
def test_invalid_settings_stop_the_api_with_one_line(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    with (
        pytest.raises(RuntimeError, match=message) as caught,
        running_api(tmp_path, **{variable: value}),
    ):
        pass
    _, *lines = str(caught.value).strip().splitlines()
    assert len(lines) == 1, lines
