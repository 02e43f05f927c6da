"""The stack's processes start together, stop together, and say what went wrong."""

import signal
from pathlib import Path

import pytest

from tests.support.stand_in import write_procfile
from tools.background import BackgroundStack, StackError
from tools.file_server import serve_directory
from tools.ports import is_port_free
from tools.redis_binary import is_redis_answering
from tools.waiting import wait_until

_WORKER = """
import os, redis, signal, time
from redis.backoff import ConstantBackoff
from redis.retry import Retry
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
client = redis.Redis.from_url(os.environ["REDIS_URL"], retry=Retry(ConstantBackoff(0.05), 200))
print("holding a job", client.ping(), flush=True)
signal.sigwait([signal.SIGTERM])
time.sleep(0.5)  # as long as a worker may take to end what it is at
print("handed back", client.set("job", "waiting"), flush=True)
"""


def _stack(directory: Path, **commands: str) -> BackgroundStack:
    procfile = write_procfile(directory, **commands)
    return BackgroundStack(directory / "data", {"PROCFILE": str(procfile)})


def _redis_port(stack: BackgroundStack) -> int:
    return int(stack.plan.environment["REDIS_PORT"])


def _await_redis(stack: BackgroundStack) -> None:
    port = _redis_port(stack)
    wait_until(lambda: is_redis_answering(port), timeout_s=10, what="Redis")


def test_all_processes_answer_while_the_block_runs_and_none_is_left_after_it(
    tmp_path: Path,
) -> None:
    with _stack(tmp_path) as stack:
        _await_redis(stack)
        assert not any(is_port_free(port) for port in stack.plan.ports().values())
    assert not is_redis_answering(_redis_port(stack))
    assert all(is_port_free(port) for port in stack.plan.ports().values())


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_stop_is_no_failure(tmp_path: Path, signal_number: int) -> None:
    stack = _stack(tmp_path)
    stack.start()
    assert stack.stop(signal_number) == 0


def test_when_one_process_ends_all_are_stopped_and_its_last_lines_are_shown(
    tmp_path: Path,
) -> None:
    broken = "sh -c 'echo the model is missing; exit 3'"
    stack = _stack(tmp_path, transcriber=broken)
    with pytest.raises(StackError, match=r"transcriber .*the model is missing"), stack:
        pytest.fail("the stack came up")
    assert not is_redis_answering(_redis_port(stack))


def test_a_port_in_use_is_named_before_anything_starts(tmp_path: Path) -> None:
    procfile = write_procfile(tmp_path)
    with serve_directory(tmp_path) as address:
        port = address.rpartition(":")[2]
        stack = BackgroundStack(tmp_path / "data", {"PROCFILE": str(procfile), "PORT": port})
        with pytest.raises(StackError) as caught:
            stack.start()
    assert f"port {port} (api)" in str(caught.value)
    assert "started" not in str(caught.value)


def test_redis_ends_after_the_workers_that_use_it(tmp_path: Path) -> None:
    program = tmp_path / "worker.py"
    program.write_text(_WORKER, encoding="utf-8")
    with _stack(tmp_path, worker=f"python {program}") as stack:
        wait_until(
            lambda: "holding a job True" in stack.log.read_text(), timeout_s=20, what="the worker"
        )
    assert "handed back True" in stack.log.read_text()
