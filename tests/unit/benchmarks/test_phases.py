"""The durations of a job's phases."""

from typing import Any

import pytest

from benchmarks.harness.phases import as_table, durations_of


def at(second: float) -> str:
    return f"2025-10-29T10:00:{second:06.3f}Z"


def stage(began: float, ended: float) -> dict[str, Any]:
    return {"started_at": at(began), "completed_at": at(ended)}


SKIPPED = {"started_at": None, "completed_at": None}


def job(download: dict[str, Any]) -> dict[str, Any]:
    stages = {"download": download, "normalization": stage(4, 5), "transcription": stage(5.5, 9)}
    return {"created_at": at(1), "completed_at": at(9), "stages": stages}


def test_a_job_waits_before_each_stage() -> None:
    assert durations_of(job(stage(1.25, 3))) == pytest.approx(
        {
            "waiting for download": 0.25,
            "download": 1.75,
            "waiting for normalization": 1.0,
            "normalization": 1.0,
            "waiting for transcription": 0.5,
            "transcription": 3.5,
            "from submission to end": 8.0,
        }
    )


def test_a_stage_that_was_skipped_is_left_out() -> None:
    durations = durations_of(job(SKIPPED))

    assert "download" not in durations
    assert durations["waiting for normalization"] == 3.0


def test_the_table_gives_percentiles_in_milliseconds() -> None:
    assert (
        as_table({"download": [0.1, 0.2]}).splitlines()[-1]
        == "| download | 2 | 100 | 200 | 200 | 200 |"
    )
