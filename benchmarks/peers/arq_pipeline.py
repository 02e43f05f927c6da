"""The same pipeline with arq: one function per stage, each enqueues the next, one hash per job.

``arq_pipeline.py work`` runs the worker until it is stopped; ``arq_pipeline.py submit 300``
enqueues 300 jobs, waits until they end and prints their durations. Unlike the orchestrator it has
no leases, deadlines, cancellation, history, listing or retries of single calls.
"""

import asyncio
import json
import os
import sys
import time
from typing import Any, ClassVar

import aiohttp
import arq  # type: ignore[import-not-found]  # it is in the peers' environment only

from benchmarks.peers.floor import hand_over, wait_until_done

_STAGES = ("downloading", "normalizing", "transcribing")


def redis_settings() -> Any:
    """Return the settings of the Redis connection."""
    return arq.connections.RedisSettings.from_dsn(os.environ["REDIS_URL"])


def urls() -> list[str]:
    """Return the services' URLs, in the order of the stages."""
    return list(json.loads(os.environ["SERVICE_URLS"]))


async def download(context: dict[str, Any], job_id: str) -> None:
    """Download the video, and enqueue the next stage."""
    redis, session, (service, *_) = context["redis"], context["session"], urls()
    await redis.hset(_key(job_id), mapping={"status": _STAGES[0], "started_at": time.time()})
    body = {"url": await redis.hget(_key(job_id), "url"), "quality": "audio"}
    body["url"] = body["url"].decode()
    headers = {"Idempotency-Key": f"{job_id}:download"}
    async with session.post(f"{service}/jobs", json=body, headers=headers) as answer:
        remote_id = (await answer.json())["id"]
    await redis.hset(_key(job_id), "download.job_id", remote_id)
    await wait_until_done(session, service, remote_id)
    await redis.enqueue_job("normalize", job_id, _job_id=f"{job_id}:normalize")


async def normalize(context: dict[str, Any], job_id: str) -> None:
    """Normalize the audio, and enqueue the next stage."""
    redis, session, (before, service, _) = context["redis"], context["session"], urls()
    await redis.hset(_key(job_id), "status", _STAGES[1])
    audio = (await redis.hget(_key(job_id), "download.job_id")).decode()
    remote_id = await hand_over(session, before, audio, service)
    await redis.hset(_key(job_id), "normalization.job_id", remote_id)
    await wait_until_done(session, service, remote_id)
    await redis.enqueue_job("transcribe", job_id, _job_id=f"{job_id}:transcribe")


async def transcribe(context: dict[str, Any], job_id: str) -> None:
    """Transcribe the audio, and store the text."""
    redis, session, (_, before, service) = context["redis"], context["session"], urls()
    await redis.hset(_key(job_id), "status", _STAGES[2])
    audio = (await redis.hget(_key(job_id), "normalization.job_id")).decode()
    remote_id = await hand_over(session, before, audio, service)
    await redis.hset(_key(job_id), "transcription.job_id", remote_id)
    await wait_until_done(session, service, remote_id)
    async with session.get(f"{service}/jobs/{remote_id}/transcription") as answer:
        text = await answer.text()
    ended = {"status": "completed", "text": text, "completed_at": time.time()}
    await redis.hset(_key(job_id), mapping=ended)
    await redis.rpush("completed", job_id)


async def open_session(context: dict[str, Any]) -> None:
    """Open the shared connections, and report that the worker is ready."""
    context["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    sys.stdout.write("ready\n")
    sys.stdout.flush()


async def close_session(context: dict[str, Any]) -> None:
    """Close them."""
    await context["session"].close()


class WorkerSettings:
    """The settings of arq."""

    functions: ClassVar = [download, normalize, transcribe]
    on_startup = open_session
    on_shutdown = close_session
    max_jobs = 400
    poll_delay = 0.05  # arq's default of 0.5 s would delay every stage by a quarter of a second
    job_timeout = 1800
    keep_result = 0  # the result is in the hash
    log_results = False


async def submit(count: int) -> None:
    """Enqueue simultaneous jobs, wait until they end, and print their durations."""
    redis = await arq.create_pool(redis_settings())
    began = [await _submit_one(redis, number) for number in range(count)]
    for _ in range(count):
        await redis.blpop("completed")
    ended = [float(await redis.hget(_key(f"job-{n}"), "completed_at")) for n in range(count)]
    times_s = [end - begin for begin, end in zip(began, ended, strict=True)]
    sys.stdout.write(json.dumps({"times_s": times_s}) + "\n")
    await redis.aclose()


async def _submit_one(redis: Any, number: int) -> float:
    job_id, now = f"job-{number}", time.time()
    fields = {"url": f"http://video.test/{job_id}", "status": "queued", "created_at": now}
    await redis.hset(_key(job_id), mapping=fields)
    await redis.enqueue_job("download", job_id, _job_id=f"{job_id}:download")
    return now


def _key(job_id: str) -> str:
    return f"peer:job:{job_id}"


if __name__ == "__main__":
    if sys.argv[1] == "work":
        arq.run_worker(WorkerSettings, redis_settings=redis_settings())
    else:
        asyncio.run(submit(int(sys.argv[2])))
