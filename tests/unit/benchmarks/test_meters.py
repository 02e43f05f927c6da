"""CPU time and memory of processes, from /proc."""

import os
import subprocess
import sys
import time

from benchmarks.harness.meters import cpu_s, memory_bytes, peak_bytes, tree_of


def test_work_shows_as_cpu_seconds() -> None:
    before_s, ends = cpu_s([os.getpid()]), time.process_time() + 0.05
    while time.process_time() < ends:
        pass

    assert 0.02 <= cpu_s([os.getpid()]) - before_s < 5


def test_a_process_belongs_to_its_own_tree() -> None:
    assert tree_of(os.getpid())[0] == os.getpid()


def test_a_process_that_has_ended_has_no_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(
            os.P_PID, process.pid, os.WEXITED | os.WNOWAIT
        )  # it has ended, and is still known
        assert memory_bytes([process.pid]) == 0
    assert memory_bytes([process.pid]) == 0


def test_memory_now_is_not_above_the_peak() -> None:
    assert 1_000_000 < memory_bytes([os.getpid()]) <= peak_bytes([os.getpid()])
