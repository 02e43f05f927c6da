"""The state of the fake, without HTTP: jobs, ledger and planned faults."""

import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.support.fake_service.artifacts import Artifact, downloaded, normalized
from tests.support.fake_service.faults import Call, Fault
from tests.support.fake_service.job import FakeJob
from tests.support.fake_service.ledger import Ledger, Submission
from tests.support.fake_service.settings import Failure, FakeSettings, Role
from tests.support.fake_service.upload import Received


class QueueFullError(Exception):
    """The submission is rejected without effect."""


class KeyReusedError(Exception):
    """The idempotency key belongs to a different submission."""


@dataclass
class FakeMicroservice:
    """Accepts jobs and derives their state."""

    settings: FakeSettings
    ledger: Ledger = field(default_factory=Ledger)
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    _by_key: dict[str, tuple[FakeJob, tuple[object, ...]]] = field(default_factory=dict)
    _known: dict[str, Submission] = field(default_factory=dict)
    _ordinals: Counter[tuple[Call, str]] = field(default_factory=Counter)

    def draw_fault(self, call: Call, subject: str) -> Fault | None:
        """Return the fault of this call, and count the call."""
        ordinal = self._ordinals[call, subject]
        self._ordinals[call, subject] += 1
        fault = self.settings.faults.decide(call, subject, ordinal)
        if fault is Fault.CORRUPTED and not self.settings.digest:
            return None  # nobody could notice
        if fault is not None:
            name = f"{call}:{fault}"
            self.ledger.faults[name] = self.ledger.faults.get(name, 0) + 1
        return fault

    def accept(self, received: Received, key: str | None) -> FakeJob:
        """Create a job, or return the one with the same key.

        Raises:
            QueueFullError: There are too many unfinished jobs.
            KeyReusedError: The key was used for something else.
        """
        if not self.settings.honours_idempotency:
            return self._create(received, key)
        known = self._by_key.get(key or "")
        if known is None or known[0].is_gone(time.monotonic()):
            job = self._create(received, key)
            if key:
                self._by_key[key] = (job, received.fingerprint())
            return job
        job, fingerprint = known
        if fingerprint != received.fingerprint():
            raise KeyReusedError
        job.record.replays += 1
        return job

    def find(self, remote_id: str) -> FakeJob | None:
        """Return a job, or None if it was deleted, forgotten or never accepted."""
        job = self.jobs.get(remote_id)
        if job is None or job.is_gone(time.monotonic()):
            return None
        return job

    def record_of(self, remote_id: str) -> Submission | None:
        """Return the ledger's record of a job, even if deleted, and count unknown ids."""
        record = self._known.get(remote_id)
        if record is None:
            self.ledger.unknown += 1
        return record

    def remove(self, job: FakeJob) -> None:
        """Delete a job and wake its waiting calls."""
        job.is_deleted = True
        self.jobs.pop(job.record.remote_id, None)
        job.announce()

    def clean_up(self, *, deep: bool) -> int:
        """Delete the finished jobs, or all of them, and return their number."""
        now = time.monotonic()
        gone = [job for job in self.jobs.values() if deep or job.phase(now) in {"done", "failed"}]
        for job in gone:
            self.remove(job)
        return len(gone)

    def change(self, changes: dict[str, Any]) -> None:
        """Replace settings; new jobs use all of them, existing jobs ``hold`` only.

        Raises:
            ValueError: A name or a value is not one of the settings'.
        """
        merged = self.settings.model_dump(mode="json") | changes
        self.settings = FakeSettings.model_validate(merged)
        for job in self.jobs.values():
            job.is_held = self.settings.hold
            job.announce()

    def artifact(self, job: FakeJob) -> Artifact:
        """Return the artifact of a downloader's or normalizer's job."""
        size_bytes = job.settings.artifact_bytes
        if self.settings.role is Role.DOWNLOADER:
            return downloaded(job.record.fields["url"], size_bytes)
        return normalized(str(job.record.upload_sha256), size_bytes)

    def _create(self, received: Received, key: str | None) -> FakeJob:
        self._check_queue()
        record = Submission(
            remote_id=self._new_id(),
            subject=received.subject,
            idempotency_key=key,
            fields=received.fields,
            upload_sha256=received.upload_sha256,
            upload_bytes=received.upload_bytes,
            accepted_at=time.time(),
        )
        fate = self.draw_fault(Call.JOB, received.subject)
        record.fate = fate
        failure = self._draw_failure(fate)
        job = FakeJob(record, self.settings, fate, failure, is_held=self.settings.hold)
        self.jobs[record.remote_id] = job
        self._known[record.remote_id] = record
        self.ledger.submissions.append(record)
        return job

    def _check_queue(self) -> None:
        if not self.settings.queue:
            return
        now = time.monotonic()
        unfinished = sum(job.phase(now) in {"queued", "running"} for job in self.jobs.values())
        if unfinished >= self.settings.queue:
            self.ledger.refused += 1
            raise QueueFullError

    def _draw_failure(self, fate: Fault | None) -> Failure | None:
        if self.settings.fail_next > 0:
            left = self.settings.fail_next - 1
            self.settings = self.settings.model_copy(update={"fail_next": left})
            return self.settings.failure
        if fate is Fault.FAILED_RETRYABLE:
            return Failure(code="internal", message="The fake failed", is_retryable=True)
        if fate is Fault.FAILED_PERMANENT:
            return Failure(code="internal", message="The fake failed for good")
        return None

    def _new_id(self) -> str:
        # Random, so that a restarted service never reuses an id.
        unique = uuid.uuid4().hex[:11]
        match self.settings.role:
            case Role.DOWNLOADER:
                return f"{unique}_audio"
            case Role.NORMALIZER:
                return f"norm_{unique}"
            case Role.TRANSCRIBER:
                return f"trans_{unique}"
