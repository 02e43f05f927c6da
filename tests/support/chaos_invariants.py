"""Invariants of the store that must hold at any time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.job import JobStatus, Priority
from orchestrator.domain.pipeline import STAGES, stage_named

__all__ = ["Snapshot", "find_broken"]

_PREFIX: Final = "orchestrator:"
_SERVICES: Final = tuple(stage.service.name for stage in STAGES)


@dataclass(frozen=True)
class Snapshot:
    """The data that the invariants refer to, read at one time."""

    jobs: Mapping[str, Mapping[str, str]]
    """Hashes of existing jobs, by id."""
    sets_by_job: Mapping[str, Sequence[str]]
    """The sets that contain each job, by its id; more than one is a violation."""
    inflight: Mapping[str, frozenset[str]]
    admission_queues: Mapping[str, frozenset[str]]
    """The jobs in the admission queue of each service."""
    queued: Mapping[str, frozenset[str]]
    """The jobs that are counted as waiting for a turn, by stage."""
    active: frozenset[str]
    indexes: Mapping[str, frozenset[str]]
    """Job ids by the status under which they are listed."""
    works: Mapping[str, tuple[Mapping[str, str], frozenset[str]]]
    """Shared work by its digest: the entry, and the jobs that refer to it."""
    deletions: frozenset[tuple[str, ...]]

    @classmethod
    def read(cls, client: Any, job_ids: Sequence[str], workers: Sequence[str]) -> "Snapshot":
        """Read a snapshot; ``client`` must decode replies to text."""
        sets_by_job: dict[str, list[str]] = {job_id: [] for job_id in job_ids}
        reader = client.pipeline()
        for job_id in job_ids:
            reader.hgetall(f"{_PREFIX}job:{job_id}")
        jobs = {k: v for k, v in zip(job_ids, reader.execute(), strict=True) if v}
        sets = {f"lease of {one}": client.smembers(f"{_PREFIX}leases:{one}") for one in workers}
        sets |= {name: client.zrange(f"{_PREFIX}{name}", 0, -1) for name in ("waiting", "due")}
        admission_queues = {
            name: frozenset(_read_admission_queue(client, name)) for name in _SERVICES
        }
        sets |= {
            f"admission queue of {name}": members for name, members in admission_queues.items()
        }
        for name, members in sets.items():
            for job_id in members:
                sets_by_job.setdefault(job_id, []).append(name)
        digests = {job[f"{one.name}.work"] for job in jobs.values() for one in STAGES}
        digests |= {key.split(":")[2] for key in client.scan_iter(f"{_PREFIX}work:*")}
        return cls(
            jobs=jobs,
            sets_by_job=sets_by_job,
            inflight={name: _members(client, f"inflight:{name}") for name in _SERVICES},
            admission_queues=admission_queues,
            queued={
                stage.name: frozenset(client.zrange(f"{_PREFIX}queued:{stage.name}", 0, -1))
                for stage in STAGES
            },
            active=frozenset(client.zrange(f"{_PREFIX}active", 0, -1)),
            indexes={
                status: frozenset(client.zrange(f"{_PREFIX}jobs:{status}", 0, -1))
                for status in JobStatus
            },
            works={digest: _read_work(client, digest) for digest in digests},
            deletions=frozenset(
                tuple(json.loads(one)) for one in client.zrange(f"{_PREFIX}deletions", 0, -1)
            ),
        )


def _members(client: Any, key: str) -> frozenset[str]:
    return frozenset(client.smembers(f"{_PREFIX}{key}"))


def _read_work(client: Any, digest: str) -> tuple[dict[str, str], frozenset[str]]:
    entry = client.hgetall(f"{_PREFIX}work:{digest}")
    users = frozenset(name[4:] for name in entry if name.startswith("job:"))
    return {name: value for name, value in entry.items() if not name.startswith("job:")}, users


def _read_admission_queue(client: Any, service: str) -> Iterator[str]:
    for priority in Priority:
        key = f"{_PREFIX}line:{service}:{priority}"
        for owner in client.zrange(key, 0, -1):
            yield from client.zrange(f"{key}:{owner}", 0, -1)


def find_broken(seen: Snapshot, *, limit: int) -> list[str]:
    """Return a description of every violated invariant.

    Args:
        seen: The store.
        limit: Maximum number of jobs in flight at each service.
    """
    return [
        *_check_sets(seen),
        *_check_admission(seen, limit),
        *_check_queues(seen),
        *_check_indexes(seen),
        *_check_references(seen),
    ]


def _has_ended(job: Mapping[str, str]) -> bool:
    return JobStatus(job["status"]).is_terminal


def _check_sets(seen: Snapshot) -> Iterator[str]:
    for job_id, found in seen.sets_by_job.items():
        job = seen.jobs.get(job_id)
        if job is None or _has_ended(job):
            if found:
                yield f"{job_id} has ended or is gone, and is in {found}"
            continue
        if len(found) != 1:
            yield f"{job_id} is in {found}"
        worker = job.get("lease.worker")
        if (f"lease of {worker}" in found) != (worker is not None):
            yield f"{job_id} is in {found}, its lease is {worker}'s"


def _check_admission(seen: Snapshot, limit: int) -> Iterator[str]:
    for service in _SERVICES:
        expected = {
            job_id
            for job_id, job in seen.jobs.items()
            if not _has_ended(job)
            and stage_named(job["stage"]).service.name == service
            and job_id not in seen.admission_queues[service]
        }
        if seen.inflight[service] != expected:
            yield f"{service} was given {seen.inflight[service]}, not {expected}"
        if len(expected) > limit:
            yield f"{service} has {len(expected)} jobs of {limit}"
        if seen.admission_queues[service] and len(expected) < limit:
            yield f"{service} has waiting jobs and free capacity"


def _check_queues(seen: Snapshot) -> Iterator[str]:
    for stage, queued in seen.queued.items():
        expected = {
            job_id
            for job_id, job in seen.jobs.items()
            if job["stage"] == stage
            and any(name.startswith(("waiting", "admission")) for name in seen.sets_by_job[job_id])
        }
        if queued != expected:
            yield f"{queued} are counted as waiting for the {stage} stage, {expected} do"


def _check_indexes(seen: Snapshot) -> Iterator[str]:
    for status, listed in seen.indexes.items():
        having = {job_id for job_id, job in seen.jobs.items() if job["status"] == status}
        if having != listed:
            yield f"{having} are {status}, listed are {listed}"
    active = {job_id for job_id, job in seen.jobs.items() if not _has_ended(job)}
    if active != seen.active:
        yield f"{active} have not ended, listed are {seen.active}"


def _check_references(seen: Snapshot) -> Iterator[str]:
    doomed = {remote_id for _, _, remote_id in seen.deletions}
    for job_id, job in seen.jobs.items():
        for stage in STAGES:
            remote_id = job.get(f"{stage.name}.job_id")
            entry, users = seen.works[job[f"{stage.name}.work"]]
            if remote_id is None:
                continue
            if not _has_ended(job) and remote_id in doomed:
                yield f"{job_id} still needs {remote_id}, which is to be deleted"
            if entry.get("remote_id") == remote_id and not _has_ended(job) and job_id not in users:
                yield f"{job_id} uses {remote_id} without a reference"
    for digest, (entry, users) in seen.works.items():
        for job_id in users:
            if job_id not in seen.jobs:
                yield f"{job_id} is gone and refers to {digest} ({entry})"
        if users and not entry:
            yield f"{users} refer to {digest}, of which there is no entry"
