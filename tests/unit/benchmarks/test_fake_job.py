"""The jobs of the fast fake services."""

import time

import pytest

from benchmarks.fakes.job import FakeJob, JobPlan, read_wait_s


def job(plan: JobPlan, *, age_s: float) -> FakeJob:
    return FakeJob("downloader-1", plan, plan.duration_s(0), time.monotonic() - age_s)


def test_progress_comes_in_whole_steps() -> None:
    assert job(JobPlan(100.0, progress_step=5.0), age_s=47.5).progress() == 45.0


def test_with_steps_of_a_hundred_a_job_changes_only_at_its_end() -> None:
    plan = JobPlan(100.0)

    assert job(plan, age_s=1).etag() == job(plan, age_s=98).etag() != job(plan, age_s=101).etag()


def test_a_job_is_completed_when_its_time_is_over() -> None:
    assert job(JobPlan(1.0), age_s=2).describe()["status"] == "completed"


def test_durations_fill_the_spread_evenly_and_are_the_same_in_every_run() -> None:
    plan = JobPlan(2.0, spread=10.0)
    durations_s = [plan.duration_s(number) for number in range(200)]

    assert min(durations_s) >= 2.0
    assert max(durations_s) <= 20.0
    assert plan.mean_s(200) == pytest.approx(11.0, rel=0.02)


@pytest.mark.parametrize(
    ("header", "wait_s"), [("wait=20", 20.0), ("respond-async, wait=5", 5.0), ("", None)]
)
def test_the_wish_to_wait_is_read(header: str, wait_s: float | None) -> None:
    assert read_wait_s(header) == wait_s
