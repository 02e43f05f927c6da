"""A turn's copy of its job follows its writes."""

from orchestrator.domain.job import Video
from orchestrator.domain.transitions import described, handed_back, progressed
from tests.support.fake_worker import INSTANCE, FakeWorker


def test_a_write_updates_the_copy_of_the_job() -> None:
    worker = FakeWorker()
    held = worker.hold()
    assert (
        held.write(progressed(held.job, held.stage, 40.0, is_queued=False), progress=40.0) is None
    )
    assert held.record == worker.job.stages[held.stage.name]


def test_the_metadata_of_the_video_is_in_the_copy() -> None:
    worker = FakeWorker()
    held, video = worker.hold(), Video(title="A title")
    held.write_video(described(video), video)
    assert held.job.video == worker.job.video == video


def test_the_last_write_returns_the_number_of_the_wake_up_call() -> None:
    assert FakeWorker().hold().write(handed_back())


def test_a_placement_is_in_the_copy() -> None:
    held = FakeWorker(instances=2).hold()
    assert held.place().instance == held.record.instance == INSTANCE
