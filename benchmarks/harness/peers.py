"""Runs the peers that the orchestrator is compared with."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchmarks.harness.meters import cpu_s, peak_bytes
from benchmarks.harness.runs import Run
from benchmarks.harness.services import PROJECT, FakeServices
from benchmarks.peers.environment import peers_python
from tests.support.redis_server import RedisServer

__all__ = ["run_arq", "run_floor"]

_STOP_TIMEOUT_S = 20.0


def run_floor(services: FakeServices, jobs: int, *, poll_s: float = 0.0) -> Run:
    """Run jobs with the bare script, which waits at the services or polls at a fixed interval."""
    command = ["-m", "benchmarks.peers.floor", str(jobs), *services.urls.values()]
    command.append(f"--poll-s={poll_s}")
    with _process(command, {}) as script:
        _read_line(script)
        before_s = cpu_s([script.pid])
        _write_line(script)
        times_s = json.loads(_read_line(script))["times_s"]
        cost_s = cpu_s([script.pid]) - before_s
        memory = peak_bytes([script.pid])
        _write_line(script)
    overheads_s = [time_s - services.work_s(jobs) for time_s in times_s]
    return Run("the floor: bare asyncio and aiohttp", jobs, cost_s, overheads_s, memory)


def run_arq(services: FakeServices, jobs: int) -> Run:
    """Run jobs with the arq pipeline and a private Redis."""
    with RedisServer(aof=True) as redis_server:
        addresses = json.dumps(list(services.urls.values()))
        variables = {"REDIS_URL": redis_server.url, "SERVICE_URLS": addresses}
        module = ["-m", "benchmarks.peers.arq_pipeline"]
        with _process([*module, "work"], variables) as worker:
            _read_line(worker)
            redis_pid = redis_server.process.pid
            before_s, redis_before_s = cpu_s([worker.pid]), cpu_s([redis_pid])
            with _process([*module, "submit", str(jobs)], variables) as submitter:
                times_s = json.loads(_read_line(submitter))["times_s"]
            cost_s = cpu_s([worker.pid]) - before_s
            redis_cost_s = cpu_s([redis_pid]) - redis_before_s
            memory = peak_bytes([worker.pid])
    overheads_s = [time_s - services.work_s(jobs) for time_s in times_s]
    return Run("arq", jobs, cost_s, overheads_s, memory, redis_cpu_s=redis_cost_s)


@contextmanager
def _process(
    arguments: list[str], variables: Mapping[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """Run a process with the peers' Python for the duration of the block."""
    with subprocess.Popen(  # noqa: S603 - our own arguments
        [str(peers_python()), *arguments],
        cwd=PROJECT,
        env={**os.environ, **variables},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(_STOP_TIMEOUT_S)


def _read_line(process: "subprocess.Popen[Any]") -> str:
    line = process.stdout.readline() if process.stdout is not None else ""
    if not line:
        raise RuntimeError("the peer exited without a result; see its output above")
    return str(line)


def _write_line(process: "subprocess.Popen[Any]") -> None:
    if process.stdin is not None:
        process.stdin.write("\n")
        process.stdin.flush()
