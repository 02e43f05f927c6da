"""A worker without Redis and services: fake stores, and clients that answer from a list."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

from orchestrator.domain.job import Job, Transcript
from orchestrator.domain.pipeline import STAGES, Stage
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.patient_leases import PatientLeases
from orchestrator.engine.resources import Resources
from orchestrator.engine.running_turns import RunningTurns
from orchestrator.engine.uploads import UploadStore
from orchestrator.http.stopping import StopSignal
from orchestrator.microservice import Poll, RemoteJob, RemoteStatus, SourceArtifact
from orchestrator.settings import ServiceSettings
from orchestrator.store.leases import Claim, LeaseStore
from orchestrator.telemetry.metrics import Counts
from tests.support.fake_stores import FakeLeaseStore
from tests.support.jobs import make_request, make_settings

__all__ = ["INSTANCE", "JOB_ID", "SECOND_INSTANCE", "FakeClient", "FakeWorker", "InstantStopSignal"]

INSTANCE: Final = "http://127.0.0.1:1"
SECOND_INSTANCE: Final = "http://127.0.0.1:2"
JOB_ID: Final = "a1b2c3d4e5f60718"


class FakeClient:
    """A service's client.

    Args:
        instances: The URLs of the service's instances.
    """

    def __init__(self, instances: tuple[str, ...]) -> None:
        self.instances = instances
        self.holds_polls = True
        self.answers: list[RemoteJob | Exception | None] = []
        """Answers to polls, in order; the last one is repeated."""
        self.on_submit: RemoteJob | Exception = RemoteJob("r1", RemoteStatus.RUNNING)
        self.submission_etag: str | None = None
        self.partial: Transcript | None = None
        self.submissions: list[tuple[str, str | None, Mapping[str, Any]]] = []
        """The idempotency key, the instance and the fields of each submission."""
        self.received = b""
        self.artifact = b"audio"
        self.transcript: Transcript | Exception = Transcript("text", ())

    def submit(
        self,
        fields: Mapping[str, Any],
        *,
        idempotency_key: str,
        source: Callable[[], Any] | None = None,
        instance: str | None = None,
    ) -> Poll:
        self.submissions.append((idempotency_key, instance, fields))
        if source:
            with source() as artifact:
                self.received = b"".join(artifact.read())
        return Poll(_answer(self.on_submit), self.submission_etag, has_waited=False)

    def poll(self, _remote_id: str, *, etag: str | None, instance: str | None) -> Poll:
        del etag, instance
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Poll(_answer(answer), "etag", has_waited=self.holds_polls)

    @contextmanager
    def open_artifact(
        self, _remote_id: str, *, default_filename: str, instance: str | None
    ) -> Iterator[SourceArtifact]:
        del instance
        yield SourceArtifact(
            "service", f"sent-{default_filename}", None, None, lambda: iter([self.artifact])
        )

    def fetch_transcript(self, _remote_id: str, *, instance: str | None) -> Transcript:
        del instance
        transcript: Transcript = _answer(self.transcript)
        return transcript

    fetch_captions = fetch_transcript

    def fetch_partial(self, _remote_id: str, *, instance: str | None) -> Transcript | None:
        del instance
        return self.partial


def _answer(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


class InstantStopSignal(StopSignal):
    """A stop signal whose waits take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        super().sleep(0)

    def wait(self, seconds: float) -> bool:
        del seconds
        return super().wait(0)


class FakeWorker:
    """A worker with one job.

    Args:
        stage: The stage that the job is in.
        uploads: The folder of uploads.
        request: Facts of the job's request.
        instances: How many instances each service has.
        **settings: Settings by the names of their fields.
    """

    def __init__(
        self,
        stage: Stage = STAGES[0],
        *,
        uploads: Path = Path("unused"),
        request: Mapping[str, Any] | None = None,
        instances: int = 1,
        **settings: Any,
    ) -> None:
        urls = (INSTANCE, SECOND_INSTANCE)[:instances]
        one = ServiceSettings(url=",".join(urls), timeout=1)
        services = {stage.service.name: one for stage in STAGES}
        self.settings = make_settings(services=services, **{"breaker_threshold": 1, **settings})
        self.stage = stage
        self.store = FakeLeaseStore(self.settings)
        self.clients = {name: FakeClient(urls) for name in services}
        self.client = self.clients[stage.service.name]
        self.stop = InstantStopSignal()
        self.leases = PatientLeases(cast("LeaseStore", self.store), self.stop)
        self.uploads = UploadStore(uploads)
        self.counts = Counts()
        self.store.add(JOB_ID, make_request(**request or {}), {stage.name: "digest"})
        self.store.set(JOB_ID, stage=stage.name)

    @property
    def job(self) -> Job:
        """The job as it is stored."""
        return self.store.get(JOB_ID)

    def claim(self, turn: str = "turn") -> Claim:
        """Claim the stage for a turn."""
        claim = self.leases.claim(JOB_ID, self.stage, worker="worker", turn=turn)
        assert claim is not None
        return claim

    def hold(self) -> HeldStage:
        """Claim the stage, and return what its turn writes through."""
        return HeldStage(self.leases, self.claim(), self.stage)

    def resources(self) -> Resources:
        """Return what turns are built from."""
        return Resources(
            settings=self.settings,
            connection=cast("Any", None),
            breakers=cast("Any", self.store.breakers),
            uploads=self.uploads,
            clients=cast("Any", self.clients),
            counts=self.counts,
            leases=self.leases,
            turns=RunningTurns("worker", capacity=1),
            stop=self.stop,
        )
