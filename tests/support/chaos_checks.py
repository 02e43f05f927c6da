"""Checks after a chaos run, independent of the damage."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestrator.domain.pipeline import STAGES
from orchestrator.store.connection import Connection
from orchestrator.store.events import EventStore
from tests.support.fake_service import Ledger, Submission

__all__ = ["Ended", "Findings", "find_leftovers", "read_jobs"]

_PREFIX = "orchestrator:"
_TERMINAL = {"completed", "failed", "cancelled"}
_LEFTOVERS = ("leases:*", "inflight:*", "waiting", "due", "active", "work:*:followers", "deletions")


@dataclass(frozen=True)
class Ended:
    """A job in Redis after the run."""

    job_id: str
    fields: Mapping[str, str]
    text: str | None
    events: tuple[Mapping[str, str], ...]

    @property
    def status(self) -> str:
        """Its status."""
        return self.fields.get("status", "gone")

    def of_type(self, kind: str) -> list[Mapping[str, str]]:
        """Return the entries of one type from its history."""
        return [event for event in self.events if event["type"] == kind]


def read_jobs(client: Any) -> list[Ended]:
    """Read every job, including those whose submission got no response."""
    return [_read(client, job_id) for job_id in client.zrange(f"{_PREFIX}jobs", 0, -1)]


def _read(client: Any, job_id: str) -> Ended:
    key = f"{_PREFIX}job:{job_id}"
    events = EventStore(Connection(client)).history(job_id)
    history = [event for event in events if event["type"] != "segment"]
    text = client.hget(f"{key}:result", "text")
    return Ended(job_id, client.hgetall(key), text, tuple(history))


def find_leftovers(client: Any) -> list[str]:
    """Return the keys of unfinished jobs and of work that no job needs."""
    found = [key for pattern in _LEFTOVERS for key in client.scan_iter(f"{_PREFIX}{pattern}")]
    queues = client.scan_iter(f"{_PREFIX}line:*")
    found += [key for key in queues if not key.endswith(":round")]
    if waiting := client.llen(f"{_PREFIX}broker:stages"):
        found.append(f"{waiting} messages")
    return sorted(found)


class Findings:
    """Checks the jobs and the ledgers of the services for problems.

    Args:
        jobs: All jobs.
        texts: The expected text of each submitted job, by its id.
        unwanted: Jobs that a client has cancelled.
        ledgers: The requests that the services received, by stage.
    """

    def __init__(
        self,
        jobs: Iterable[Ended],
        texts: Mapping[str, str],
        unwanted: frozenset[str],
        ledgers: Mapping[str, Ledger],
    ) -> None:
        self._jobs = {job.job_id: job for job in jobs}
        self._texts = texts
        self._unwanted = unwanted
        self._accepted = [
            (stage, one) for stage, ledger in ledgers.items() for one in ledger.submissions
        ]

    def all(self) -> list[str]:
        """Return a description of every problem."""
        return [
            *(f"{job_id} was accepted and is gone" for job_id in self._texts.keys() - self._jobs),
            *(found for job in self._jobs.values() for found in self._check_end(job)),
            *(found for job in self._jobs.values() for found in _check_history(job)),
            *self._check_keys(),
            *self._check_remote_jobs(),
        ]

    def _check_end(self, job: Ended) -> Iterator[str]:
        if job.status not in _TERMINAL:
            yield f"{job.job_id} is still {job.status}"
        elif job.status == "failed":
            yield f"{job.job_id} failed: {job.fields.get('error_message')}"
        elif job.status == "cancelled" and job.job_id not in self._unwanted:
            yield f"{job.job_id} is cancelled, but no client requested that"
        elif job.status == "completed" and job.text != self._texts.get(job.job_id, job.text):
            yield f"{job.job_id} has the text {job.text!r}, not {self._texts[job.job_id]!r}"
        if "lease.worker" in job.fields:
            yield f"{job.job_id} is still leased"

    def _check_keys(self) -> Iterator[str]:
        """Check that each attempt has one remote job, unless the service lost it."""
        by_key: dict[str, list[Submission]] = defaultdict(list)
        for stage, one in self._accepted:
            key = one.idempotency_key or "no key"
            if not re.fullmatch(rf"[0-9a-f]{{16}}:{stage}:\d+", key):
                yield f"a remote job of {stage} was submitted under {key}"
            by_key[key].append(one)
        for key, group in by_key.items():
            if any(one.fate != "forgotten" for one in group[:-1]):
                yield f"{key} has {len(group)} remote jobs"

    def _check_remote_jobs(self) -> Iterator[str]:
        """Check that every remote job belongs to an attempt of a job or was deleted."""
        for stage, one in self._accepted:
            job_id, _, attempt = (one.idempotency_key or "::0").split(":")
            job = self._jobs.get(job_id)
            if job is None:
                yield f"{one.remote_id} belongs to {job_id}, which does not exist"
                continue
            if int(attempt) > int(job.fields.get(f"{stage}.attempt", 1)):
                yield f"{one.idempotency_key}: the job has had fewer attempts"
            known = {event.get("reason") for event in job.of_type("submitted")}
            # A remote job of a cancelled job is unknown if its worker died during the submission.
            is_over = one.deletes or one.fate == "forgotten" or job_id in self._unwanted
            if one.remote_id not in known and not is_over:
                yield f"{one.remote_id} of {job_id} ({job.status}) was left behind"


def _check_history(job: Ended) -> Iterator[str]:
    events: list[Mapping[str, Any]] = list(job.events)
    if not events or events[0]["type"] != "submitted":
        yield f"the history of {job.job_id} does not start with its submission"
    elif events[-1]["type"] != job.status:
        yield f"{job.job_id} is {job.status}, its history ends with {events[-1]['type']}"
    completed = [event["stage"] for event in job.of_type("completed")]
    names = [stage.name for stage in STAGES]
    is_born_completed = job.fields.get("status") == "completed" and completed == names[-1:]
    if completed != names[: len(completed)] and not is_born_completed:
        yield f"{job.job_id} completed its stages in the order {completed}"
    for name in names:
        attempts = [
            int(event.get("attempt", 1))
            for event in events[1:]
            if event.get("stage") == name and event["type"] in {"submitted", "attached", "retrying"}
        ]
        if attempts != sorted(attempts):
            yield f"the attempts of {job.job_id} at {name} are out of order: {attempts}"
