"""Progress is written in steps, metadata once, and the end of a remote job ends its stage."""

import pytest

from orchestrator.domain.job import Transcript, Video
from orchestrator.domain.pipeline import STAGES
from orchestrator.domain.transitions import Enter
from orchestrator.engine.turn import Turn, build_turn
from orchestrator.errors import Failure, RemoteJobFailedError
from orchestrator.microservice import RemoteJob, RemoteStatus
from tests.support.fake_worker import FakeWorker


def make(worker: FakeWorker) -> Turn:
    return build_turn(worker.resources(), worker.claim(), worker.stage)


def test_progress_is_written_in_steps_of_five_points_and_never_goes_back() -> None:
    worker = FakeWorker()
    turn, written = make(worker), []
    for progress in (None, 4.0, 5.0, 9.0, 3.0, 10.0):
        assert turn.updates.apply(RemoteJob("r1", RemoteStatus.RUNNING, progress)) is None
        written.append(worker.job.stages["download"].progress)
    assert written == [0.0, 0.0, 5.0, 5.0, 5.0, 10.0]


def test_deadlines_are_paused_while_the_service_reports_the_job_as_queued() -> None:
    worker = FakeWorker()
    turn = make(worker)
    paused = []
    for status in (RemoteStatus.QUEUED, RemoteStatus.QUEUED, RemoteStatus.RUNNING):
        assert turn.updates.apply(RemoteJob("r1", status)) is None
        paused.append((turn.deadlines.is_paused, worker.job.paused_at is not None))
    assert paused == [(True, True), (True, True), (False, False)]
    assert len(worker.store.changes) == 2


def test_segments_of_a_running_transcription_are_published_with_its_progress() -> None:
    worker = FakeWorker(STAGES[2])
    worker.store.set(worker.job.job_id, transcription__job_id="t1")
    segment = {"text": "text", "start": 0.0, "end": 1.0, "duration": 1.0}
    worker.client.partial = Transcript("text", (segment,))
    assert make(worker).updates.apply(RemoteJob("t1", RemoteStatus.RUNNING, 50.0)) is None
    segments = worker.store.changes[-1].segments
    assert segments is not None
    assert segments.bodies == (segment,)


def test_the_metadata_of_the_video_is_written_once() -> None:
    worker = FakeWorker()
    turn, remote = make(worker), RemoteJob("r1", RemoteStatus.RUNNING, video=Video(title="A title"))
    for _ in range(2):
        assert turn.updates.apply(remote) is None
    assert worker.job.video == Video(title="A title")
    assert len(worker.store.changes) == 1


def test_a_completed_remote_job_returns_the_last_change() -> None:
    change = make(FakeWorker()).updates.apply(RemoteJob("r1", RemoteStatus.COMPLETED))
    assert change is not None
    assert change.move == Enter(STAGES[1])


def test_a_failed_remote_job_raises_its_failure() -> None:
    failure = Failure("It broke", "internal", retryable=False)
    with pytest.raises(RemoteJobFailedError, match="It broke"):
        make(FakeWorker()).updates.apply(RemoteJob("r1", RemoteStatus.FAILED, failure=failure))
