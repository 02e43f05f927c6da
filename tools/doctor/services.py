"""The services: whether they are there, well, ours to use, and what of the contract they know."""

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
_UNKNOWN_JOB: Final = "doctor-0"  # nobody has it: what a service says of it is what is asked
_UNAUTHORIZED: Final = frozenset({401, 403})
_JSON: Final = "application/problem+json"


def examine_services(settings: Settings) -> list[Finding]:
    """Ask every service; nothing is submitted."""
    with ServiceSession(settings, StopSignal()) as session:  # as the orchestrator calls them
        return [
            finding
            for name, service in settings.services.items()
            for url in service.with_logins.values()
            for finding in _Examination(session, name, url).run()
        ]


class _Examination:
    """The questions to one service."""

    def __init__(self, session: ServiceSession, name: str, url: str) -> None:
        self._session = session
        self._name = name
        self._url = url
        self._shown = hide_login(url)
        self._variable = f"{name.upper().replace('-', '_')}_URL"

    def run(self) -> Iterator[Finding]:
        try:
            health = self._get("health")
        except OSError as error:  # of requests, or for a REQUESTS_CA_BUNDLE that is not there
            fact = f"{self._shown} does not answer ({type(error).__name__})"
            yield problem(self._name, fact, self._advise(error))
            return
        try:
            yield self._judge_health(health)
            yield from self._judge_contract()
        except OSError as error:
            fact = f"it has stopped answering ({type(error).__name__})"
            yield problem(self._name, fact, "look at its log")

    def _get(self, path: str, **headers: str) -> requests.Response:
        request = requests.Request("GET", f"{self._url}/{path}", headers)
        with self._session.open(request, timeout=(_TIMEOUT_S, _TIMEOUT_S)) as response:
            _ = response.content  # read while the connection is open
            return response

    def _advise(self, error: OSError) -> str:
        if isinstance(error, requests.exceptions.ProxyError):
            return "look at HTTP_PROXY and HTTPS_PROXY, or name its host in NO_PROXY"
        if not isinstance(error, requests.RequestException):
            return "set REQUESTS_CA_BUNDLE to a file that is there"
        return f"start it, or set {self._variable} to where it is"

    def _judge_health(self, answer: requests.Response) -> Finding:
        told = _object(answer)
        status = told.get("status")
        if answer.is_redirect:
            target = hide_login(answer.headers["Location"]).partition("?")[0]
            fact = f"{self._shown}/health redirects to {target}, and redirects are not followed"
            return problem(self._name, fact, f"set {self._variable} to the URL that answers")
        if not isinstance(status, str):
            fact = f"{self._shown}/health is no service of this system ({answer.status_code})"
            return problem(self._name, fact, f"set {self._variable} to the service's address")
        fact = f"version {told.get('version', 'unknown')}, {status}"
        if status == "healthy":
            return well(self._name, fact)
        checks = told.get("checks")
        sick = [name for name, is_well in checks.items() if not is_well] if checks else []
        advice = "; ".join(_REMEDIES.get(check, f"look at its {check}") for check in sick)
        return problem(self._name, fact, advice or "look at its log")

    def _judge_contract(self) -> Iterator[Finding]:
        answer = self._get(f"jobs/{_UNKNOWN_JOB}")
        if answer.status_code in _UNAUTHORIZED:
            fact = f"it refuses our calls ({answer.status_code})"
            yield problem(self._name, fact, "give SERVICE_TOKEN the same value here and there")
            return
        if answer.status_code != requests.codes.not_found:
            fact = f"it answers {answer.status_code} for a job that does not exist, not 404"
            yield problem(self._name, fact, "look at what runs there")
            return
        known = {
            "problems with a code": answer.headers.get("Content-Type", "").startswith(_JSON),
            "probes": "status" in _object(self._get("health/live")),
            "metrics": self._get("metrics").ok,
            "waiting for changes": self._waits(),
        }
        yield self._list_extensions(known)

    def _waits(self) -> bool | None:
        """Whether it honours ``Prefer: wait``; ``None`` where it has no job to ask about."""
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
        fact = f"of the contract's extensions it has {has or 'none'}"
        if not lacks:
            return well(self._name, fact)
        advice = "it works without them, with more polls and less to see; update the service"
        return warning(self._name, f"{fact}; it lacks {', '.join(lacks)}", advice)


_REMEDIES: Final = {
    "redis": "start its Redis, or set its REDIS_URL",
    "worker": "start its worker: `celery -A services.….tasks worker`",
    "disk": "make room on the disk of its ARTIFACTS_DIR (MIN_FREE_DISK_MB)",
}


def _object(answer: requests.Response) -> Mapping[str, Any]:
    """Return the JSON object of an answer, or an empty one."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
