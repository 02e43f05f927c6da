"""Calls to a running orchestrator, as from any client."""

from typing import Any

import requests

from tools.waiting import wait_until

_CALL_TIMEOUT_S = 10.0
TERMINAL = {"completed", "failed", "cancelled"}


def submit(address: str, video: str, **options: Any) -> str:
    """Start a pipeline for a video.

    Returns:
        The job's id.
    """
    request = {"youtube_url": video} | options
    answer = requests.post(f"{address}/pipeline", json=request, timeout=_CALL_TIMEOUT_S)
    assert answer.ok, answer.text
    return str(answer.json()["job_id"])


def get_job(address: str, job_id: str) -> dict[str, Any]:
    """Return a job."""
    answer = requests.get(f"{address}/jobs/{job_id}", timeout=_CALL_TIMEOUT_S)
    assert answer.ok, answer.text
    job: dict[str, Any] = answer.json()
    return job


def await_end(address: str, job_id: str, *, timeout_s: float) -> dict[str, Any]:
    """Wait until a job has ended.

    Returns:
        The job as it ended.
    """
    seen: list[dict[str, Any]] = []

    def has_ended() -> bool:
        seen[:] = [get_job(address, job_id)]
        return seen[0]["status"] in TERMINAL

    wait_until(has_ended, timeout_s=timeout_s, what=f"the end of job {job_id}")
    return seen[0]
