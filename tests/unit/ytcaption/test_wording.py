"""Human-readable texts, without control characters."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.jobs import NOW, make_job
from web.schemas.jobs import JobDetail
from ytcaption.commands.wording import (
    ago,
    clean,
    describe_job,
    describe_outcome,
    describe_stage,
    printable,
    seconds,
)
from ytcaption.jobs import Job, Stage


def job(**facts: Any) -> Job:
    sent = JobDetail.of(make_job(), None, None).model_dump(mode="json")
    return Job.model_validate(sent | facts)


def test_control_characters_are_removed() -> None:
    assert clean("a\x1b[2Jb\r\n c\u202e\tdé日") == "a[2Jb c dé日"
    assert printable("  1\x1b]0;title\x07") == "  1]0;title"


@pytest.mark.parametrize(
    ("count_s", "text"),
    [(-3, "0 s"), (0.4, "0 s"), (59, "59 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_durations_are_rounded(count_s: float, text: str) -> None:
    assert seconds(count_s) == text
    assert ago(NOW, NOW + timedelta(seconds=count_s)) == f"{text} ago"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({"status": "pending"}, "waiting"),
        ({"status": "processing", "progress": 41.6}, "42 %"),
        ({"status": "processing", "progress": 3.0, "attempt": 2}, "3 %, attempt 2"),
        ({"status": "completed", "progress": 100.0}, "done"),
        ({"status": "skipped"}, "skipped"),
        ({"status": "\x1bnew"}, "new"),
    ],
)
def test_a_stage_is_described_by_its_progress(facts: dict[str, Any], text: str) -> None:
    assert describe_stage(Stage(**facts)) == text


def test_a_completed_stage_is_described_by_its_duration() -> None:
    done_at = NOW + timedelta(seconds=12)
    stage = Stage(status="completed", started_at=NOW, completed_at=done_at)
    assert describe_stage(stage) == "done in 12 s"


def test_a_job_is_described_by_position_status_and_time_left() -> None:
    assert describe_job(job(status="queued", queue_position=3)) == "number 3 in the queue"
    assert (
        describe_job(job(status="downloading", eta_seconds=95)) == "downloading, about 2 min left"
    )
    assert describe_job(job(status="completed", eta_seconds=0)) == "completed"


def test_a_failure_is_described_by_stage_reason_and_code() -> None:
    failed = job(
        status="failed",
        error_stage="download",
        error_message="It is\x1b private",
        error_code="private_video",
    )
    assert describe_outcome(failed) == (
        f"Job {failed.job_id} failed in download: It is private (private_video)"
    )
    assert describe_outcome(job(status="cancelled")).endswith("is cancelled")
