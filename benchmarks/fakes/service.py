"""A fast fake microservice: ``python -m benchmarks.fakes.service --role downloader``.

It implements the orchestrator's HTTP contract without doing work, so that benchmarks do not
measure it. Its first line of output is its URL; it exits at the end of its standard input.
``tests/support/fake_service`` is a service that misbehaves.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import resource
import sys
import zlib
from base64 import b64encode

from aiohttp import web

from benchmarks.fakes.job import FakeJob, JobPlan, read_wait_s

_CHUNK_BYTES = 256 * 1024
_LOOPBACK = "127.0.0.1"
_BACKLOG = 8192  # thousands of clients connect at once
_GRACE_S = 1.0
_SENTENCE = "Ask not what your country can do for you."
_SEGMENTS = [
    {"text": _SENTENCE, "start": 4.0 * i, "end": 4.0 * i + 4, "duration": 4.0} for i in range(20)
]
_TEXT = " ".join([_SENTENCE] * len(_SEGMENTS))
_TRANSCRIPT = json.dumps(
    {"full_text": _TEXT, "segments": _SEGMENTS, "detected_language": "en", "partial": False}
).encode()


class FakeService:
    """The jobs of one service and its request handlers.

    Args:
        role: Its name, the prefix of its job ids.
        plan: The behaviour of its jobs.
        artifact_bytes: The size of its artifacts.
    """

    def __init__(self, role: str, plan: JobPlan, artifact_bytes: int) -> None:
        self._role = role
        self._plan = plan
        self._resize(artifact_bytes)
        self._jobs: dict[str, FakeJob] = {}
        self._by_key: dict[str, FakeJob] = {}
        self._received_bytes = 0
        self._counts = dict.fromkeys(
            ("submissions", "replays", "polls", "waits", "downloads", "transcripts"), 0
        )

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(client_max_size=1 << 62)
        application.add_routes(
            [
                web.post("/jobs", self.submit),
                web.get("/jobs/{id}", self.status),
                web.delete("/jobs/{id}", self.delete),
                web.get("/jobs/{id}/download", self.download),
                web.get("/jobs/{id}/transcription", self.transcription),
                web.put("/sink", self.sink),
                web.get("/health", self.health),
                web.get("/counts", self.counts),
                web.put("/artifact-bytes", self.resize),
            ]
        )
        return application

    async def submit(self, request: web.Request) -> web.Response:
        """Accept a job; its body is read and discarded."""
        await self._drain(request)
        key = request.headers.get("Idempotency-Key", "")
        job = self._by_key.get(key) if key else None
        if job is None:
            number = self._counts["submissions"]
            job = FakeJob(f"{self._role}-{number}", self._plan, self._plan.duration_s(number))
            self._counts["submissions"] += 1
            self._jobs[job.job_id] = job
            if key:
                self._by_key[key] = job
        else:
            self._counts["replays"] += 1
        is_tagged = self._plan.honours_wait and self._plan.tags_submissions
        headers = {"ETag": job.etag()} if is_tagged else {}
        return _json(job.describe(), status=202, headers=headers)

    async def status(self, request: web.Request) -> web.Response:
        """Return a job, immediately or after a change."""
        self._counts["polls"] += 1
        if (job := self._find(request)) is None:
            return _not_found()
        if not self._plan.honours_wait:
            return _json(job.describe())
        headers = {}
        known = request.headers.get("If-None-Match")
        if (wait_s := read_wait_s(request.headers.get("Prefer", ""))) is not None:
            headers["Preference-Applied"] = f"wait={wait_s:g}"
            self._counts["waits"] += 1
            await job.wait_for_change(known or job.etag(), wait_s)
        if self._plan.tags_polls:
            headers["ETag"] = job.etag()
            if known == headers["ETag"]:
                return web.Response(status=304, headers=headers)
        return _json(job.describe(), headers=headers)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a job."""
        self._jobs.pop(request.match_info["id"], None)
        return _json({"message": "deleted"})

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send an artifact: zeros, with length and checksum."""
        self._counts["downloads"] += 1
        if self._find(request) is None:
            return _not_found()
        response = web.StreamResponse(
            headers={
                "Content-Type": "audio/webm",
                "Content-Disposition": 'attachment; filename="audio.webm"',
                "Content-Length": str(self._size_bytes),
                "Repr-Digest": self._digest,
            }
        )
        await response.prepare(request)
        chunk = bytes(_CHUNK_BYTES)
        for _ in range(self._size_bytes // _CHUNK_BYTES):
            await response.write(chunk)
        await response.write(chunk[: self._size_bytes % _CHUNK_BYTES])
        return response

    async def transcription(self, request: web.Request) -> web.Response:
        """Send the text, which is equal for every job."""
        self._counts["transcripts"] += 1
        job = self._find(request)
        if job is None or not job.is_done:
            return _not_found()
        return web.Response(body=_TRANSCRIPT, content_type="application/json")

    async def sink(self, request: web.Request) -> web.Response:
        """Accept bytes from ``curl -T``."""
        return _json({"bytes": await self._drain(request)})

    async def health(self, _: web.Request) -> web.Response:
        """Return that the service is healthy."""
        return _json({"status": "healthy", "service": self._role, "version": "fake"})

    async def resize(self, request: web.Request) -> web.Response:
        """Change the size of further artifacts."""
        self._resize(int(await request.text()))
        return _json({"bytes": self._size_bytes})

    async def counts(self, _: web.Request) -> web.Response:
        """Return the number of calls of each kind."""
        return _json({**self._counts, "received_bytes": self._received_bytes})

    def _resize(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes
        self._digest = _digests_of_zeros(size_bytes)

    def _find(self, request: web.Request) -> FakeJob | None:
        return self._jobs.get(request.match_info["id"])

    async def _drain(self, request: web.Request) -> int:
        size_bytes = 0
        while chunk := await request.content.readany():
            size_bytes += len(chunk)
        self._received_bytes += size_bytes
        return size_bytes


def _json(
    body: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


def _not_found() -> web.Response:
    return _json({"code": "not_found", "status": 404, "title": "Not Found"}, status=404)


def _digests_of_zeros(size_bytes: int) -> str:
    sha256, adler32 = hashlib.sha256(), zlib.adler32(b"")
    whole, rest = divmod(size_bytes, _CHUNK_BYTES)
    for length in (*[_CHUNK_BYTES] * whole, rest):
        sha256.update(bytes(length))
        adler32 = zlib.adler32(bytes(length), adler32)
    digests = {"sha-256": sha256.digest(), "adler": adler32.to_bytes(4, "big")}
    return ", ".join(f"{name}=:{b64encode(sum_).decode()}:" for name, sum_ in digests.items())


async def _serve(service: FakeService) -> None:
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=_GRACE_S)
    await runner.setup()
    site = web.TCPSite(runner, _LOOPBACK, 0, backlog=_BACKLOG)
    await site.start()
    host, port = runner.addresses[0]
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, closed.set)
    await closed.wait()


def main() -> None:
    """Serve until the end of standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", required=True)
    parser.add_argument("--stage-s", type=float, default=2.0)
    parser.add_argument("--spread", type=float, default=1.0)
    parser.add_argument("--progress-step", type=float, default=100.0)
    parser.add_argument("--artifact-bytes", type=int, default=100_000)
    parser.add_argument("--honours-wait", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--tags-submissions", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--tags-polls", action=argparse.BooleanOptionalAction, default=True)
    options = parser.parse_args()
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    plan = JobPlan(
        options.stage_s,
        options.spread,
        options.progress_step,
        options.honours_wait,
        options.tags_submissions,
        options.tags_polls,
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(FakeService(options.role, plan, options.artifact_bytes)))


if __name__ == "__main__":
    main()
