"""``make demo``: transcribe a clip with the whole system, from its URL to its subtitles."""

import argparse
import hashlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from tools.background import BackgroundStack, StackError
from tools.file_server import serve_directory
from tools.progress import ProgressLine
from tools.stack import loopback_without_proxy

_OUTPUT = Path("build/demo")
_KEY = secrets.token_hex(16)
_HEADERS = {"Authorization": f"Bearer {_KEY}"}
_POLL_INTERVAL_S = 0.2
_CALL_TIMEOUT_S = 30.0
_TERMINAL = {"completed", "failed", "cancelled"}

Json = dict[str, Any]


class DemoError(Exception):
    """The demo cannot continue; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo.

    Returns:
        0 when the transcript was printed, 1 when the job failed or the stack did not start.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", help="the URL of a video, or the path of a file")
    source = parser.parse_args(arguments).source
    os.environ.update(loopback_without_proxy(os.environ))  # for the calls of this process
    try:
        with ExitStack() as resources:
            return _run(_address_of(source, resources), resources)
    except (DemoError, StackError, requests.RequestException) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1


def _address_of(source: str, resources: ExitStack) -> str:
    """Return the URL of ``source``: itself, or that of a server for the local file."""
    if urlsplit(source).scheme in {"http", "https"}:
        return source
    path = Path(source)
    if not path.is_file():
        raise DemoError(f"there is no file {path}; pass the path of a file or an http(s) URL")
    # Only this file is served, not its folder.
    directory = resources.enter_context(tempfile.TemporaryDirectory(prefix="demo-"))
    (Path(directory) / path.name).symlink_to(path.resolve())
    return f"{resources.enter_context(serve_directory(Path(directory)))}/{quote(path.name)}"


def _run(address: str, resources: ExitStack) -> int:
    print("starting all processes ...", flush=True)
    started = time.monotonic()
    # Data of an earlier run would return its results.
    data = Path("var/demo")
    shutil.rmtree(data, ignore_errors=True)
    environment = {
        "ALLOWED_SOURCES": urlsplit(address).hostname or "",
        # Its own key, so that it runs with any keys in .env.
        "API_KEYS": f"demo:submit+read:{hashlib.sha256(_KEY.encode()).hexdigest()}",
        "ENVIRONMENT": "development",
        "ALLOW_PRIVATE_ADDRESSES": "true",  # a local file is served on loopback
    }
    stack = resources.enter_context(BackgroundStack(data, environment))
    print(
        f"ready after {time.monotonic() - started:.1f} s; POST {stack.address}/pipeline {address}"
    )
    job = _follow(stack, _submit(stack, address))
    if job["status"] != "completed":
        _print_failure(job)
        return 1
    _print_result(job, _save_captions(stack, job))
    return 0


def _submit(stack: BackgroundStack, address: str) -> str:
    answer = requests.post(
        f"{stack.address}/pipeline",
        json={"youtube_url": address},
        headers=_HEADERS,
        timeout=_CALL_TIMEOUT_S,
    )
    if not answer.ok:
        raise DemoError(f"the API rejected the job ({answer.status_code}): {answer.text}")
    return str(answer.json()["job_id"])


def _follow(stack: BackgroundStack, job_id: str) -> Json:
    """Show the progress of the job until it has ended."""
    line = ProgressLine(sys.stdout)
    for job in _versions(stack, job_id):
        line.show(job["stages"])
        if job["status"] in _TERMINAL:
            line.close()
            return job
    raise AssertionError("unreachable: watching a job returns only when it has ended")


def _versions(stack: BackgroundStack, job_id: str) -> Iterator[Json]:
    while True:
        stack.check()
        address = f"{stack.address}/jobs/{job_id}"
        answer = requests.get(address, headers=_HEADERS, timeout=_CALL_TIMEOUT_S)
        answer.raise_for_status()
        yield answer.json()
        time.sleep(_POLL_INTERVAL_S)


def _save_captions(stack: BackgroundStack, job: Json) -> Path:
    path = _OUTPUT / Path(job["transcription_file"]).name
    path.parent.mkdir(parents=True, exist_ok=True)
    address = f"{stack.address}/jobs/{job['job_id']}/transcript"
    answer = requests.get(
        address, params={"format": "srt"}, headers=_HEADERS, timeout=_CALL_TIMEOUT_S
    )
    answer.raise_for_status()
    path.write_bytes(answer.content)
    return path


def _print_result(job: Json, captions: Path) -> None:
    print(f"\n{job['transcription_text']}\n")
    for segment in job["transcription_segments"]:
        print(f"  {segment['start']:7.2f} - {segment['end']:7.2f} s  {segment['text']}")
    stages = [_elapsed_s(stage) for stage in job["stages"].values()]
    own = " + ".join(f"{seconds:.2f}" for seconds in stages)
    print(f"\nlanguage: {job['detected_language']}")
    print(f"subtitles: {captions}")
    print(f"total {_elapsed_s(job):.2f} s, stages {own} = {sum(stages):.2f} s")


def _elapsed_s(record: Json) -> float:
    began = record.get("started_at") or record["created_at"]
    elapsed = datetime.fromisoformat(record["completed_at"]) - datetime.fromisoformat(began)
    return elapsed.total_seconds()


def _print_failure(job: Json) -> None:
    where = f"failed in its {job['error_stage']} stage" if job.get("error_stage") else job["status"]
    reason = f"{job.get('error_message')} (code {job.get('error_code')})"
    print(f"the job {where}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    # On SIGTERM it stops its processes, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
