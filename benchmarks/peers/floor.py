"""The floor: the same pipeline in bare asyncio and aiohttp, without queue, state or durability.

The minimum for submitting, waiting and streaming three times. Prints one line of JSON when it is
ready and one when its jobs are done, and starts them when it reads a line. ``--poll-s 3`` polls at
a fixed interval like the original, for services without ``Prefer: wait``.
"""

import argparse
import asyncio
import json
import sys
import time
from typing import Any

import aiohttp


async def run_job(
    session: aiohttp.ClientSession, urls: list[str], number: int, poll_s: float
) -> float:
    """Run one job through its stages and return its duration in seconds."""
    began = time.perf_counter()
    downloader, normalizer, transcriber = urls
    body = {"url": f"http://video.test/job-{number}", "quality": "audio"}
    async with session.post(f"{downloader}/jobs", json=body) as answer:
        video = (await answer.json())["id"]
    await wait_until_done(session, downloader, video, poll_s)
    audio = await hand_over(session, downloader, video, normalizer)
    await wait_until_done(session, normalizer, audio, poll_s)
    text = await hand_over(session, normalizer, audio, transcriber)
    await wait_until_done(session, transcriber, text, poll_s)
    async with session.get(f"{transcriber}/jobs/{text}/transcription") as answer:
        await answer.json()
    return time.perf_counter() - began


async def wait_until_done(
    session: aiohttp.ClientSession, service: str, job_id: str, poll_s: float = 0.0
) -> None:
    """Poll a job until it is done, waiting for changes or at a fixed interval in seconds."""
    headers = {} if poll_s else {"Prefer": "wait=20"}
    while True:
        async with session.get(f"{service}/jobs/{job_id}", headers=headers) as answer:
            job: dict[str, Any] = await answer.json()
        if job["status"] == "completed":
            return
        if poll_s:
            await asyncio.sleep(poll_s)


async def hand_over(session: aiohttp.ClientSession, source: str, job_id: str, target: str) -> str:
    """Stream an artifact from one service to the next and return the new job's id."""
    async with session.get(f"{source}/jobs/{job_id}/download") as artifact:
        form = aiohttp.FormData()
        form.add_field("language_in", "auto")
        form.add_field("file", artifact.content, filename="audio.webm")
        async with session.post(f"{target}/jobs", data=form) as answer:
            return str((await answer.json())["id"])


async def main(count: int, urls: list[str], poll_s: float) -> None:
    """Wait for a line, run all jobs at once, and print their durations."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        _print({"ready": True})
        sys.stdin.readline()
        times_s = await asyncio.gather(*(run_job(session, urls, n, poll_s) for n in range(count)))
        _print({"times_s": times_s})
        sys.stdin.readline()  # keeps the process's CPU time in /proc


def _print(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jobs", type=int)
    parser.add_argument("urls", nargs=3)
    parser.add_argument("--poll-s", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(main(options.jobs, options.urls, options.poll_s))
