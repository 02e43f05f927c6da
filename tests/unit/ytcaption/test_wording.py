"""Facts as a person reads them, and nothing that steers a terminal."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.jobs import NOW, make_job
from web.schemas.jobs import JobDetail
from ytcaption.commands.wording import (
    ago,
    clean,
    job_outcome,
    job_words,
    printable,
    seconds,
    stage_words,
)
from ytcaption.jobs import Job, Stage


def job(**facts: Any) -> Job:
    told = JobDetail.of(make_job(), None, None).model_dump(mode="json")
    return Job.model_validate(told | facts)


def test_what_steers_a_terminal_is_left_out() -> None:
    assert clean("a\x1b[2Jb\r\n c\u202e\tdé日") == "a[2Jb c dé日"
    assert printable("  1\x1b]0;title\x07") == "  1]0;title"


@pytest.mark.parametrize(
    ("count_s", "words"),
    [(-3, "0 s"), (0.4, "0 s"), (59, "59 s"), (90, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_durations_are_rounded(count_s: float, words: str) -> None:
    assert seconds(count_s) == words
    assert ago(NOW, NOW + timedelta(seconds=count_s)) == f"{words} ago"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"status": "pending"}, "waiting"),
        ({"status": "processing", "progress": 41.6}, "42 %"),
        ({"status": "processing", "progress": 3.0, "attempt": 2}, "3 %, attempt 2"),
        ({"status": "completed", "progress": 100.0}, "done"),
        ({"status": "skipped"}, "skipped"),
        ({"status": "\x1bnew"}, "new"),
    ],
)
def test_a_stage_says_how_far_it_is(facts: dict[str, Any], words: str) -> None:
    assert stage_words(Stage(**facts)) == words


def test_a_stage_says_how_long_it_took() -> None:
    done_at = NOW + timedelta(seconds=12)
    stage = Stage(status="completed", started_at=NOW, completed_at=done_at)
    assert stage_words(stage) == "done in 12 s"


def test_a_job_says_where_it_is() -> None:
    assert job_words(job(status="queued", queue_position=3)) == "number 3 in line"
    assert job_words(job(status="downloading", eta_seconds=95)) == "downloading, about 2 min left"
    assert job_words(job(status="completed", eta_seconds=0)) == "completed"


def test_a_failure_says_where_why_and_with_which_code() -> None:
    failed = job(
        status="failed",
        error_stage="download",
        error_message="It is\x1b private",
        error_code="private_video",
    )
    assert job_outcome(failed) == (
        f"Job {failed.job_id} failed in download: It is private (private_video)"
    )
    assert job_outcome(job(status="cancelled")).endswith("is cancelled")
