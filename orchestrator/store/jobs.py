"""Jobs for everyone but their owner: create, read, list, cancel, retry and remove."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.findings import FINDINGS
from orchestrator.domain.job import (
    Acceptance,
    Job,
    JobRequest,
    JobStatus,
    StageStatus,
    Transcript,
    WakeUp,
)
from orchestrator.domain.metadata import tag, tags
from orchestrator.domain.pipeline import STAGES, Stage, stage_named, stages_of
from orchestrator.errors import IllegalTransitionError, JobNotFoundError, QueueFullError
from orchestrator.settings import Settings
from orchestrator.store import keys
from orchestrator.store.commands import (
    CancelJob,
    CreateJob,
    GetQueuePosition,
    RemoveJob,
    RetryJob,
)
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_calls, decode_job, decode_job_cached, encode_request

__all__ = ["Cursor", "JobPage", "JobStore"]

_PAGE_S: Final = 10  # lifetime of an index that is computed for one list
_SHARED_FIELDS: Final = ("job_id", "instance", "filename", *FINDINGS)
"""The fields of a stage that jobs with the same work have in common."""


@dataclass(frozen=True, order=True)
class Cursor:
    """A position in a list of jobs, newest first: that of a job, which may be gone."""

    created_ms: int
    job_id: str


@dataclass(frozen=True)
class JobPage:
    """A page of jobs, newest first."""

    total: int
    """The number of jobs on all pages."""
    jobs: Sequence[Job]
    next_cursor: Cursor | None
    """The start of the next page; ``None`` on the last one."""


class JobStore:
    """Jobs by id; the owner of a stage writes through ``LeaseStore`` instead."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._retention_ms = round(settings.retention_s * 1000)

    def create(
        self, job_id: str, request: JobRequest, works: Mapping[str, str]
    ) -> tuple[Acceptance, WakeUp | None]:
        """Store a new job and enqueue it; a repeated call changes nothing.

        Args:
            job_id: 16 hexadecimal characters.
            request: What the client asked for.
            works: The digest of each stage's work, by the stage's name.

        Returns:
            The job's acceptance, and the call to enqueue: ``None`` if the job has to queue for
            admission, or is already completed because the same work was done before.

        Raises:
            QueueFullError: `MAX_QUEUED_JOBS` jobs have not ended; nothing was stored.
        """
        stages = stages_of(request)
        stage = stages[0]
        fields = encode_request(request) | self._limits() | {"stage": stage.name}
        fields |= {f"{name}.work": digest for name, digest in works.items()}
        for skipped in STAGES[: STAGES.index(stage)]:
            fields[f"{skipped.name}.status"] = StageStatus.SKIPPED
            fields[f"{skipped.name}.progress"] = "100"
        answer = self._connection.run(
            CreateJob(
                job_id,
                fields,
                stages=[stage.name for stage in stages],
                shared_fields=_SHARED_FIELDS,
                tags=tags(request.owner, request.metadata),
                service=stage.service.name,
                limit=self._limit(stage),
                max_active=self._settings.max_queued_jobs,
                retention_ms=self._retention_ms,
            )
        )
        if not answer:
            raise QueueFullError(self._settings.max_queued_jobs)
        status, progress = JobStatus(answer["status"]), float(answer["overall_progress"])
        return Acceptance(job_id, request, status, progress), _first_call(job_id, stage, answer)

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFoundError: There is no such job, or it has expired.
        """
        with self._connection.commands() as client:
            record: Mapping[str, str] = client.hgetall(keys.job(job_id))
        if not record:
            raise JobNotFoundError(job_id)
        return decode_job_cached(job_id, record)

    def find(self, job_ids: Sequence[str]) -> list[Job | None]:
        """Return jobs in the order of their ids; ``None`` for those that do not exist."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hgetall(keys.job(job_id))
            found = zip(job_ids, pipeline.execute(), strict=True)
        return [decode_job(job_id, record) if record else None for job_id, record in found]

    def transcript(self, job_id: str, *, with_words: bool) -> Transcript | None:
        """Return the transcript of a completed job, or ``None``.

        Args:
            job_id: The job.
            with_words: Whether to load the word timings, which are nine tenths of the data.
        """
        names = ("text", "segments", "language", *(("words",) if with_words else ()))
        with self._connection.commands() as client:
            text, body, language, *timed = client.hmget(keys.result(job_id), names)
        if text is None:
            return None
        segments = json.loads(body)
        if any(timed):
            for segment, words in zip(segments, json.loads(timed[0]), strict=True):
                if words:
                    segment["words"] = words
        return Transcript(text, tuple(segments), language)

    def page(
        self,
        *,
        limit: int,
        status: JobStatus | None = None,
        owner: str | None = None,
        metadata: tuple[str, str] | None = None,
        cursor: Cursor | None = None,
    ) -> JobPage:
        """Return the newest jobs that match all given conditions.

        Args:
            limit: The maximum number of jobs.
            status: Only jobs with this status.
            owner: Only jobs of this owner.
            metadata: Only jobs with this key and value in their metadata.
            cursor: The end of the previous page.
        """
        index = self._index(status, owner, metadata)
        newest = cursor.created_ms if cursor else "+inf"
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            pipeline.zcard(index)
            pipeline.zcount(index, newest, newest)
            total, ties = pipeline.execute()
            rows = client.zrange(
                index, newest, "-inf", byscore=True, desc=True, withscores=True,
                offset=0, num=limit + ties + 1,
            )  # fmt: skip
        following = [Cursor(int(score), job_id) for job_id, score in rows]
        if cursor:
            following = [one for one in following if one < cursor]
        shown = following[:limit]
        jobs = [job for job in self.find([one.job_id for one in shown]) if job]
        return JobPage(total, jobs, shown[-1] if len(following) > limit else None)

    def _index(
        self, status: JobStatus | None, owner: str | None, metadata: tuple[str, str] | None
    ) -> str:
        """Return the key of the index to list; for metadata and a status, compute one."""
        by_status = keys.jobs_index(status=status, owner=owner)
        if metadata is None:
            return by_status
        digest = tag(owner, *metadata)
        if status is None:
            return keys.jobs_tagged(digest)
        both = keys.page(f"{digest}:{status}")
        with self._connection.commands() as client:
            client.zinterstore(both, [keys.jobs_tagged(digest), by_status], aggregate="MAX")
            client.expire(both, _PAGE_S)
        return both

    def position(self, job: Job) -> int | None:
        """Return a job's position in its admission queue, from 1; ``None`` if it is not there."""
        service = stage_named(job.stage).service.name
        return self._connection.run(GetQueuePosition(job.job_id, service)) or None

    def cancel(self, job_id: str) -> tuple[bool, tuple[WakeUp, ...]]:
        """Cancel a job in any status; idempotent. Its remote job is deleted soon after.

        Returns:
            Whether this call ended the job, and calls for jobs that can continue because of it.

        Raises:
            JobNotFoundError: There is no such job.
        """
        services = {
            stage.name: {"name": stage.service.name, "limit": self._limit(stage)}
            for stage in STAGES
        }
        answer = self._connection.run(CancelJob(job_id, services, self._retention_ms))
        if not answer:
            raise JobNotFoundError(job_id)
        return not JobStatus(answer["status"]).is_terminal, decode_calls(answer["calls"])

    def retry(self, job: Job) -> WakeUp | None:
        """Restart a failed or cancelled job at the stage where it stopped.

        Returns:
            The call to enqueue, or ``None`` if the job has to queue for admission.

        Raises:
            JobNotFoundError: The job has expired.
            IllegalTransitionError: The job has neither failed nor been cancelled.
        """
        stage = stage_named(job.stage)
        answer = self._connection.run(
            RetryJob(
                job.job_id,
                service=stage.service.name,
                limit=self._limit(stage),
                set=self._limits() | _fresh_attempt(job, stage),
                clear=_stale_fields(stage),
            )
        )
        if answer is False:
            raise JobNotFoundError(job.job_id)
        if "refused" in answer:
            raise IllegalTransitionError(job.job_id, answer["refused"], "retried")
        return _first_call(job.job_id, stage, answer)

    def remove(self, job_id: str) -> None:
        """Remove a job that has ended, its transcript, and the remote jobs that only it uses.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: The job has not ended.
        """
        removed = self.drop(job_id)
        if removed is None:
            raise JobNotFoundError(job_id)
        if not removed:
            raise IllegalTransitionError(job_id, "running", "deleted")

    def drop(self, job_id: str) -> bool | None:
        """Remove a job that has ended; if it has already expired, remove it from the indexes.

        Returns:
            Whether it was removed; ``None`` if only its index entries were left.
        """
        services = {stage.name: stage.service.name for stage in STAGES}
        answer = self._connection.run(RemoveJob(job_id, services))
        return None if answer == "missing" else answer == "removed"

    def expired(self, *, limit: int) -> Sequence[str]:
        """Return the ids of expired jobs that are still in the indexes."""
        now_ms = self._connection.now_ms()
        with self._connection.commands() as client:
            found: list[str] = client.zrange(
                keys.EXPIRING, "-inf", now_ms, byscore=True, offset=0, num=limit
            )
        return found

    def counts(self) -> dict[str, int]:
        """Return the number of jobs by status."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for status in JobStatus:
                pipeline.zcard(keys.jobs_in(status))
            return dict(zip(JobStatus, pipeline.execute(), strict=True))

    def count_active(self) -> int:
        """Return the number of jobs that have not ended."""
        with self._connection.commands() as client:
            return int(client.zcard(keys.ACTIVE))

    def ping(self) -> None:
        """Check that Redis is available.

        Raises:
            StoreUnavailableError: It is not.
        """
        with self._connection.commands() as client:
            client.ping()

    def _limit(self, stage: Stage) -> int:
        return self._settings.services[stage.service.name].max_inflight

    def _limits(self) -> dict[str, str]:
        return {
            "limit.job_ms": str(round(self._settings.job_limit_s * 1000)),
            "limit.stage_ms": str(round(self._settings.stage_limit_s * 1000)),
        }


def _first_call(job_id: str, stage: Stage, answer: Mapping[str, Any]) -> WakeUp | None:
    number = answer.get("number")
    return None if number is None else WakeUp(job_id, stage.name, number)


def _fresh_attempt(job: Job, stage: Stage) -> dict[str, str]:
    """Return the fields of a stage that starts another attempt, and of the stages after it."""
    fields = {
        f"{stage.name}.attempt": str(job.stages[stage.name].attempt + 1),
        f"{stage.name}.failures": "0",
        f"{stage.name}.parks": "0",
    }
    for later in STAGES[STAGES.index(stage) :]:
        fields[f"{later.name}.status"] = StageStatus.PENDING
        fields[f"{later.name}.progress"] = "0"
    return fields


_END_FIELDS: Final = (
    *("error_message", "error_code", "error_stage", "error_retryable"),
    *("completed_at", "paused_at"),
)


def _stale_fields(stage: Stage) -> list[str]:
    names = (
        *("job_id", "instance", "submitted_at", "started_at", "completed_at", "filename", "etag"),
        *("segments", "lacks_partials", *FINDINGS),
    )
    stale = [f"{stage.name}.{name}" for name in names]
    return [*stale, *_END_FIELDS]
