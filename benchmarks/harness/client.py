"""Clients of the API that submit many jobs at once and read the results."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

__all__ = ["Submitted", "finished_jobs", "submit_at_rate", "submit_jobs"]

_TIMEOUT_S = 120.0
_ACCEPTED = 202


@dataclass(frozen=True)
class Submitted:
    """An accepted job."""

    job_id: str
    sent_at: float
    """The time of its request, in Unix seconds."""
    took_s: float
    """The latency of the response."""

    def overhead_s(self, job: dict[str, Any], work_s: float) -> float:
        """Return the duration of the job minus the work of the services, in seconds."""
        if job["status"] != "completed":
            raise RuntimeError(f"{self.job_id} is {job['status']}: {job.get('error_message')}")
        return datetime.fromisoformat(job["completed_at"]).timestamp() - self.sent_at - work_s


async def submit_jobs(
    address: str,
    count: int,
    *,
    clients: int = 50,
    name: Callable[[int], str] = "job-{}".format,
    key: str | None = None,
) -> list[Submitted]:
    """Submit jobs at once, each for a different video.

    Args:
        address: The URL of the API.
        count: The number of jobs.
        clients: Concurrent connections.
        name: Returns the name of a job's video.
        key: The API key, if required.
    """
    free = asyncio.Semaphore(clients)
    async with _session(clients, key) as session:

        async def submit(number: int) -> Submitted:
            async with free:
                return await send({"youtube_url": f"http://video.test/{name(number)}"})

        async def send(body: dict[str, str]) -> Submitted:
            sent_at, began = time.time(), time.perf_counter()
            async with session.post(f"{address}/pipeline", json=body) as answer:
                content = await answer.json()
                if answer.status != _ACCEPTED:
                    raise RuntimeError(f"{answer.status}: {content}")
            return Submitted(content["job_id"], sent_at, time.perf_counter() - began)

        return list(await asyncio.gather(*map(submit, range(count))))


async def submit_at_rate(
    address: str,
    rate_per_s: float,
    duration_s: float,
    key: str | None = None,
    *,
    name: str = "open",
) -> list[float]:
    """Submit jobs at a fixed rate, regardless of the latency of responses.

    Args:
        address: The URL of the API.
        rate_per_s: Submissions per second.
        duration_s: The duration, in seconds.
        key: The API key, if required.
        name: Prefix of the videos' names.

    Returns:
        Seconds from the due time of each submission to its response.
    """
    async with _session(0, key) as session:
        began = time.perf_counter()

        async def submit(number: int) -> float:
            due = began + number / rate_per_s
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = {"youtube_url": f"http://video.test/{name}-{number}"}
            async with session.post(f"{address}/pipeline", json=body) as answer:
                await answer.read()
                if answer.status != _ACCEPTED:
                    raise RuntimeError(f"a submission was answered {answer.status}")
            return time.perf_counter() - due

        numbers = range(round(rate_per_s * duration_s))
        return list(await asyncio.gather(*map(submit, numbers)))


async def finished_jobs(
    address: str, job_ids: Sequence[str], *, clients: int = 20
) -> list[dict[str, Any]]:
    """Return the records of jobs, with one request each."""
    async with _session(clients, None) as session:

        async def get(job_id: str) -> dict[str, Any]:
            async with session.get(f"{address}/jobs/{job_id}") as answer:
                job: dict[str, Any] = await answer.json()
                return job

        return list(await asyncio.gather(*map(get, job_ids)))


def _session(clients: int, key: str | None) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=clients),
        timeout=aiohttp.ClientTimeout(total=None, sock_read=_TIMEOUT_S),
        headers={"Authorization": f"Bearer {key}"} if key else {},
    )
