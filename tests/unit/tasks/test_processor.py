"""Where a worker process runs: on one processor, and on another where that has time."""

import os
import subprocess
import sys

import pytest

from tasks.processor import better_of, parse_idle_shares


@pytest.mark.parametrize(
    ("idle", "expected"),
    [
        ({0: 0.0, 1: 0.9}, 1),
        ({0: 0.05, 1: 0.2, 2: 0.6, 3: 0.7}, 3),
        ({0: 0.3, 1: 0.9}, None),
        ({0: 0.0, 1: 0.4}, None),
        ({0: 0.0, 1: 0.1, 9: 1.0}, None),
        ({}, None),
    ],
)
def test_a_process_moves_from_a_busy_processor_to_a_free_one_that_is_allowed(
    idle: dict[int, float], expected: int | None
) -> None:
    assert better_of(idle, 0, [0, 1, 2, 3]) == expected


def test_idle_shares_are_those_of_the_time_between_two_readings() -> None:
    before = {0: (1000, 500), 1: (1000, 500), 2: (10, 10)}
    now = {0: (1200, 500), 1: (1200, 700), 2: (10, 10)}

    assert parse_idle_shares(before, now) == {0: 0.0, 1: 1.0}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process choose")
@pytest.mark.parametrize("is_wanted", ["True", "False"])
def test_all_threads_keep_to_one_processor_where_that_is_wanted(is_wanted: str) -> None:
    program = f"""
import os, threading
from tasks.processor import Processor

ended = threading.Event()
thread = threading.Thread(target=ended.wait)
thread.start()
processor = Processor(is_wanted={is_wanted})
processor.settle()
processor.look_around()
print(*(len(os.sched_getaffinity(number)) for number in (0, thread.native_id)))
ended.set()
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=20
    )
    count = 1 if is_wanted == "True" else len(os.sched_getaffinity(0))
    assert answer.stdout.split() == [str(count)] * 2
