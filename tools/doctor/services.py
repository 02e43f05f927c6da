"""Checks of the services: health, authorization and extensions of the contract."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import requests

from foundation.logins import hide_login
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import ServiceSession
from orchestrator.settings import Settings
from tools.doctor.finding import Finding, problem, warning, well

__all__ = ["examine_services"]

_TIMEOUT_S: Final = 5.0
_UNKNOWN_JOB: Final = (
    "doctor-0"  # does not exist: the response of the service shows its conventions
)
_UNAUTHORIZED: Final = frozenset({401, 403})
_JSON: Final = "application/problem+json"


def examine_services(settings: Settings) -> list[Finding]:
    """Check every service without submitting anything."""
    with ServiceSession(settings, StopSignal()) as session:  # as the orchestrator calls them
        return [
            finding
            for name, service in settings.services.items()
            for url in service.with_logins.values()
            for finding in _Examination(session, name, url).run()
        ]


class _Examination:
    """The checks of one service."""

    def __init__(self, session: ServiceSession, name: str, url: str) -> None:
        self._session = session
        self._name = name
        self._url = url
        self._shown = hide_login(url)
        self._variable = f"{name.upper().replace('-', '_')}_URL"

    def run(self) -> Iterator[Finding]:
        try:
            health = self._get("health")
        except OSError as error:  # from requests, or from a missing REQUESTS_CA_BUNDLE
            fact = f"{self._shown} does not answer ({type(error).__name__})"
            yield problem(self._name, fact, self._advise(error))
            return
        try:
            yield self._judge_health(health)
            yield from self._judge_contract()
        except OSError as error:
            fact = f"it has stopped answering ({type(error).__name__})"
            yield problem(self._name, fact, "check its log")

    def _get(self, path: str, **headers: str) -> requests.Response:
        request = requests.Request("GET", f"{self._url}/{path}", headers)
        with self._session.open(request, timeout=(_TIMEOUT_S, _TIMEOUT_S)) as response:
            _ = response.content  # read while the connection is open
            return response

    def _advise(self, error: OSError) -> str:
        if isinstance(error, requests.exceptions.ProxyError):
            return "check HTTP_PROXY and HTTPS_PROXY, or add its host to NO_PROXY"
        if not isinstance(error, requests.RequestException):
            return "set REQUESTS_CA_BUNDLE to an existing file"
        return f"start it, or set {self._variable} to its URL"

    def _judge_health(self, answer: requests.Response) -> Finding:
        health = _object(answer)
        status = health.get("status")
        if answer.is_redirect:
            target = hide_login(answer.headers["Location"]).partition("?")[0]
            fact = f"{self._shown}/health redirects to {target}, and redirects are not followed"
            return problem(self._name, fact, f"set {self._variable} to the URL that answers")
        if not isinstance(status, str):
            fact = f"{self._shown}/health is not a service of this system ({answer.status_code})"
            return problem(self._name, fact, f"set {self._variable} to the service's URL")
        fact = f"version {health.get('version', 'unknown')}, {status}"
        if status == "healthy":
            return well(self._name, fact)
        checks = health.get("checks")
        sick = [name for name, is_well in checks.items() if not is_well] if checks else []
        advice = "; ".join(_REMEDIES.get(check, f"check its {check}") for check in sick)
        return problem(self._name, fact, advice or "check its log")

    def _judge_contract(self) -> Iterator[Finding]:
        answer = self._get(f"jobs/{_UNKNOWN_JOB}")
        if answer.status_code in _UNAUTHORIZED:
            fact = f"it rejects our calls ({answer.status_code})"
            yield problem(self._name, fact, "set SERVICE_TOKEN to the same value on both sides")
            return
        if answer.status_code != requests.codes.not_found:
            fact = f"it answers {answer.status_code} instead of 404 for an unknown job"
            yield problem(self._name, fact, "check which program runs there")
            return
        known = {
            "problems with a code": answer.headers.get("Content-Type", "").startswith(_JSON),
            "probes": "status" in _object(self._get("health/live")),
            "metrics": self._get("metrics").ok,
            "waiting for changes": self._waits(),
        }
        yield self._list_extensions(known)

    def _waits(self) -> bool | None:
        """Return whether it supports ``Prefer: wait``; ``None`` if it has no job to test with."""
        jobs = _object(self._get("jobs?limit=1")).get("jobs")
        newest = jobs[0] if isinstance(jobs, list) and jobs else None
        job_id = newest.get("id") or newest.get("job_id") if isinstance(newest, dict) else None
        if not job_id:
            return None
        answer = self._get(f"jobs/{job_id}", Prefer="wait=1")
        return "wait" in answer.headers.get("Preference-Applied", "") and "ETag" in answer.headers

    def _list_extensions(self, known: Mapping[str, bool | None]) -> Finding:
        has = ", ".join(name for name, is_known in known.items() if is_known)
        lacks = [name for name, is_known in known.items() if is_known is False]
        fact = f"supported extensions: {has or 'none'}"
        if not lacks:
            return well(self._name, fact)
        advice = "they are optional, but save polls and add details; update the service"
        return warning(self._name, f"{fact}; it lacks {', '.join(lacks)}", advice)


_REMEDIES: Final = {
    "redis": "start its Redis, or set its REDIS_URL",
    "worker": "start its worker: `celery -A services.….tasks worker`",
    "disk": "free disk space for its ARTIFACTS_DIR (MIN_FREE_DISK_MB)",
}


def _object(answer: requests.Response) -> Mapping[str, Any]:
    """Return the JSON object of an answer, or an empty one."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
