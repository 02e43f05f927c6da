"""Loads a running stack through its public API: ``make load JOBS=50 URL=http://127.0.0.1:8000``.

Submits all jobs at once, without reuse of earlier results, and follows them until they end.
Without ``--video``, each job uploads the bundled clip, so that any stack can be tested. Prints the
latency of the API and where jobs waited.
"""

import argparse
import asyncio
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.harness.phases import as_table, durations_of

_CLIP = Path(__file__).parents[1] / "samples" / "jfk.wav"
_ENDED = {"completed", "failed", "cancelled"}
_WAIT_S = 20
_TIMEOUT_S = 120.0
_ACCEPTED = 202
_FIRST_ERROR = 400


class Load:
    """Jobs on a running stack.

    Args:
        session: Connections to the API.
        address: The URL of the API.
        video: The submitted URL; the bundled clip if ``None``.
    """

    def __init__(self, session: aiohttp.ClientSession, address: str, video: str | None) -> None:
        self.times_s: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[str] = Counter()
        self._session = session
        self._address = address.rstrip("/")
        self._video = video

    async def run(self, jobs: int) -> None:
        """Submit jobs at once and follow them until they end."""
        await asyncio.gather(*(self._run_one() for _ in range(jobs)))

    async def _run_one(self) -> None:
        job_id = await self._submit()
        await self._follow(job_id)
        job, _ = await self._get("GET /jobs/{id}", job_id, {})
        self.statuses[job["status"]] += 1
        if job["status"] == "completed":
            for phase, duration_s in durations_of(job).items():
                self.times_s[phase].append(duration_s)

    async def _submit(self) -> str:
        body: dict[str, Any] = {"json": {"youtube_url": self._video, "force": True}}
        if self._video is None:
            form = aiohttp.FormData({"force": "true"})
            form.add_field("file", _CLIP.read_bytes(), filename=_CLIP.name)
            body = {"data": form}
        began = time.perf_counter()
        async with self._session.post(f"{self._address}/pipeline", **body) as answer:
            content = await answer.json(content_type=None)
            if answer.status != _ACCEPTED:
                raise RuntimeError(f"a submission was answered {answer.status}: {content}")
        self.times_s["POST /pipeline"].append(time.perf_counter() - began)
        return str(content["job_id"])

    async def _follow(self, job_id: str) -> None:
        headers, status = {"Prefer": f"wait={_WAIT_S}"}, ""
        while status not in _ENDED:
            job, etag = await self._get("", job_id, headers)
            status = job.get("status", status)
            headers["If-None-Match"] = etag

    async def _get(
        self, name: str, job_id: str, headers: dict[str, str]
    ) -> tuple[dict[str, Any], str]:
        """Return a job and its ETag; an empty job if nothing has changed."""
        began = time.perf_counter()
        url = f"{self._address}/jobs/{job_id}"
        async with self._session.get(url, headers=headers) as answer:
            body = await answer.read()
            if answer.status >= _FIRST_ERROR:
                raise RuntimeError(f"a job was answered {answer.status}: {body[:500]!r}")
            if name:
                self.times_s[name].append(time.perf_counter() - began)
            return (await answer.json() if body else {}), answer.headers.get("ETag", "")


async def drive(jobs: int, address: str, *, video: str | None, key: str | None) -> Load:
    """Load a stack and return the measurements."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=None, sock_read=_TIMEOUT_S),
        headers={"Authorization": f"Bearer {key}"} if key else {},
    ) as session:
        load = Load(session, address, video)
        await load.run(jobs)
    return load


def main() -> None:
    """Load a stack and print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--api", default="http://127.0.0.1:8000", help="URL of the API")
    parser.add_argument("--video", help="URL that every job submits; the bundled clip if unset")
    parser.add_argument("--key", help="API key, if the stack requires one")
    options = parser.parse_args()
    began = time.perf_counter()
    try:
        load = asyncio.run(drive(options.jobs, options.api, video=options.video, key=options.key))
    except (aiohttp.ClientError, RuntimeError) as error:
        sys.exit(f"{options.api}: {error}")
    took_s = time.perf_counter() - began
    print(f"{options.jobs} jobs in {took_s:.1f} s: {dict(load.statuses)}\n")
    print(as_table(load.times_s))


if __name__ == "__main__":
    main()
