"""Jobs as everybody sees them: stored, read, listed, cancelled, retried and removed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
from orchestrator.store.connection import Connection
from orchestrator.store.records import decode_job, encode_request, recall_job, wake_ups

_PAGE_S = 10  # an index that was made for one list

__all__ = ["Cursor", "JobPage", "JobStore"]


@dataclass(frozen=True, order=True)
class Cursor:
    """A place in a list of jobs, newest first: that of one of them, there or not."""

    created_ms: int
    job_id: str


@dataclass(frozen=True)
class JobPage:
    """Some of the jobs, newest first."""

    total: int
    """How many there are in all."""
    jobs: Sequence[Job]
    next_cursor: Cursor | None
    """Where the next page begins; ``None`` on the last one."""


class JobStore:
    """Jobs from the outside; the owner of a stage writes through ``LeaseStore``."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._retention_ms = round(settings.retention_s * 1000)

    def create(
        self, job_id: str, request: JobRequest, works: Mapping[str, str]
    ) -> tuple[Acceptance, WakeUp | None]:
        """Store a new job and give it a place; repeating it changes nothing.

        Args:
            job_id: 16 hexadecimal characters.
            request: What the client asked for.
            works: The digest of each stage's work, by the stage's name.

        Returns:
            What became of the job, and the call to enqueue; ``None`` while the job stands in line
            or if it is born completed, since the same work was done before.

        Raises:
            QueueFullError: As many jobs as may have not ended; nothing was stored.
        """
        stages = stages_of(request)
        stage = stages[0]
        fields = encode_request(request) | self._limits() | {"stage": stage.name}
        fields |= {f"{name}.work": digest for name, digest in works.items()}
        for skipped in STAGES[: STAGES.index(stage)]:
            fields[f"{skipped.name}.status"] = StageStatus.SKIPPED
            fields[f"{skipped.name}.progress"] = "100"
        place = self._place(stage) | {
            "fields": fields,
            "stages": [stage.name for stage in stages],
            "retention_ms": self._retention_ms,
            "tags": tags(request.owner, request.metadata),
            "max_active": self._settings.max_queued_jobs,
        }
        answer = self._connection.run("create", job_id, json.dumps(place))
        if not answer:
            raise QueueFullError(self._settings.max_queued_jobs)
        number, status, progress = answer
        accepted = Acceptance(job_id, request, JobStatus(status), float(progress or 0))
        return accepted, WakeUp(job_id, stage.name, number) if number else None

    def get(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            JobNotFoundError: There is none, or not any more.
        """
        with self._connection.commands() as client:
            record: Mapping[str, str] = client.hgetall(keys.job(job_id))
        if not record:
            raise JobNotFoundError(job_id)
        return recall_job(job_id, record)

    def find(self, job_ids: Sequence[str]) -> list[Job | None]:
        """Return jobs in the order of their ids; ``None`` for those that do not exist."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for job_id in job_ids:
                pipeline.hgetall(keys.job(job_id))
            found = zip(job_ids, pipeline.execute(), strict=True)
        return [decode_job(job_id, record) if record else None for job_id, record in found]

    def transcript(self, job_id: str, *, with_words: bool) -> Transcript | None:
        """Return what a completed job has made, or ``None``.

        Args:
            job_id: The job.
            with_words: Whether the segments are to have their words, which are nine tenths of it.
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
        note: tuple[str, str] | None = None,
        cursor: Cursor | None = None,
    ) -> JobPage:
        """Return the newest jobs, of one status or of any, of one owner or of all.

        Args:
            limit: How many at the most.
            status: Only jobs that have it.
            owner: Only jobs of this owner.
            note: Only jobs with this key and value in their metadata.
            cursor: Where the page before has ended.
        """
        index = self._index(status, owner, note)
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
        self, status: JobStatus | None, owner: str | None, note: tuple[str, str] | None
    ) -> str:
        """Return the key of the index that a list is read from; of two conditions make one."""
        by_status = keys.jobs_index(status=status, owner=owner)
        if note is None:
            return by_status
        digest = tag(owner, *note)
        if status is None:
            return keys.jobs_tagged(digest)
        both = keys.page(f"{digest}:{status}")
        with self._connection.commands() as client:
            client.zinterstore(both, [keys.jobs_tagged(digest), by_status], aggregate="MAX")
            client.expire(both, _PAGE_S)
        return both

    def position(self, job: Job) -> int | None:
        """Return how far a job is from the head of its service's line; ``None`` if not in it."""
        service = stage_named(job.stage).service.name
        return self._connection.run("position", job.job_id, service) or None

    def cancel(self, job_id: str) -> tuple[bool, tuple[WakeUp, ...]]:
        """End a job at once, in any status; idempotent. Its remote job is deleted soon after.

        Returns:
            Whether it had not ended before, and calls for jobs that can go on because of it.

        Raises:
            JobNotFoundError: There is no such job.
        """
        services = {
            stage.name: {"name": stage.service.name, "limit": self._limit(stage)}
            for stage in STAGES
        }
        answer = self._connection.run("cancel", job_id, json.dumps(services), self._retention_ms)
        if not answer:
            raise JobNotFoundError(job_id)
        status, calls = answer
        return not JobStatus(status).is_terminal, wake_ups(json.loads(calls))

    def retry(self, job: Job) -> WakeUp | None:
        """Send a failed or cancelled job on; finished stages are kept.

        Returns:
            The call to enqueue, or ``None`` while the job stands in line.

        Raises:
            JobNotFoundError: There is no such job any more.
            IllegalTransitionError: It has not failed and was not cancelled.
        """
        stage = stage_named(job.stage)
        request = self._place(stage) | {
            "set": self._limits() | _fresh_attempt(job, stage),
            "clear": _stale_fields(stage),
        }
        answer = self._connection.run("retry", job.job_id, json.dumps(request))
        if not answer:
            raise JobNotFoundError(job.job_id)
        if len(answer) == 1:
            raise IllegalTransitionError(job.job_id, answer[0], "retried")
        return WakeUp(job.job_id, stage.name, answer[1]) if answer[1] else None

    def remove(self, job_id: str) -> None:
        """Remove a job that has ended, with its transcript and what only it uses elsewhere.

        Raises:
            JobNotFoundError: There is no such job.
            IllegalTransitionError: It has not ended.
        """
        removed = self.drop(job_id)
        if removed is None:
            raise JobNotFoundError(job_id)
        if not removed:
            raise IllegalTransitionError(job_id, "running", "deleted")

    def drop(self, job_id: str) -> bool | None:
        """Remove a job that has ended, also from the indexes if it is gone already.

        Returns:
            Whether it was removed; ``None`` where there was only its entry in the indexes.
        """
        services = {stage.name: stage.service.name for stage in STAGES}
        removed = self._connection.run("remove", job_id, json.dumps(services))
        return None if removed is None else bool(removed)

    def expired(self, *, limit: int) -> Sequence[str]:
        """Return ids of jobs whose time is over but which are still in the indexes."""
        now_ms = self._connection.now_ms()
        with self._connection.commands() as client:
            found: list[str] = client.zrange(
                keys.EXPIRING, "-inf", now_ms, byscore=True, offset=0, num=limit
            )
        return found

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are by status."""
        with self._connection.commands() as client:
            pipeline = client.pipeline(transaction=False)
            for status in JobStatus:
                pipeline.zcard(keys.jobs_in(status))
            return dict(zip(JobStatus, pipeline.execute(), strict=True))

    def count_active(self) -> int:
        """Return how many jobs have not ended."""
        with self._connection.commands() as client:
            return int(client.zcard(keys.ACTIVE))

    def ping(self) -> None:
        """Find out whether Redis answers.

        Raises:
            StoreUnavailableError: It does not.
        """
        with self._connection.commands() as client:
            client.ping()

    def _limit(self, stage: Stage) -> int:
        return self._settings.services[stage.service.name].max_inflight

    def _place(self, stage: Stage) -> dict[str, Any]:
        return {"service": stage.service.name, "limit": self._limit(stage)}

    def _limits(self) -> dict[str, str]:
        return {
            "limit.job_ms": str(round(self._settings.job_limit_s * 1000)),
            "limit.stage_ms": str(round(self._settings.stage_limit_s * 1000)),
        }


def _fresh_attempt(job: Job, stage: Stage) -> dict[str, str]:
    """Return the fields of a stage that begins anew, and of those after it."""
    fields = {
        f"{stage.name}.attempt": str(job.stages[stage.name].attempt + 1),
        f"{stage.name}.failures": "0",
        f"{stage.name}.parks": "0",
    }
    for later in STAGES[STAGES.index(stage) :]:
        fields[f"{later.name}.status"] = StageStatus.PENDING
        fields[f"{later.name}.progress"] = "0"
    return fields


_END_FIELDS = (
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
