"""The model of what a number of jobs a day needs."""

from dataclasses import replace

import pytest

from benchmarks.capacity import SIZES, limits_of, tables
from benchmarks.harness.capacity_model import Costs, Workload, needs_of

COSTS = Costs(
    worker_ms_per_job=20,
    api_ms_per_job=4,
    redis_ms_per_job=3,
    worker_ms_per_poll=1,
    redis_ms_per_poll=0.2,
    worker_ms_per_mib=2,
    worker_bytes=100 * 1024**2,
    turn_bytes=200 * 1024,
    finished_bytes=4000,
)
ONE_A_SECOND = Workload(86_400, peak=1, work_s=100, audio_mib=10, progress_polls=0)


def test_what_is_in_flight_is_what_comes_in_times_how_long_it_stays() -> None:
    assert needs_of(ONE_A_SECOND, COSTS).in_flight == pytest.approx(100)


def test_a_waiting_job_is_polled_as_often_as_the_workload_says() -> None:
    assert needs_of(ONE_A_SECOND, COSTS).polls_per_s == pytest.approx(100 * 3 / 60)


def test_the_workers_pay_for_jobs_bytes_and_polls() -> None:
    needs = needs_of(ONE_A_SECOND, COSTS)

    assert needs.worker_cores == pytest.approx((20 + 10 * 2 + 5 * 1) / 1000)


def test_every_byte_passes_the_network_twice() -> None:
    assert needs_of(ONE_A_SECOND, COSTS).network_mib_per_s == pytest.approx(20)


def test_redis_keeps_a_day_of_jobs_with_their_texts() -> None:
    needs = needs_of(replace(ONE_A_SECOND, text_bytes=6000), COSTS)

    assert needs.redis_gib == pytest.approx(86_400 * 10_000 / 1024**3)


def test_the_peak_raises_everything_but_what_is_kept() -> None:
    even, peaked = (needs_of(replace(ONE_A_SECOND, peak=peak), COSTS) for peak in (1, 3))

    assert peaked.worker_cores == pytest.approx(3 * even.worker_cores)
    assert peaked.redis_gib == even.redis_gib


def test_turns_bound_the_processes_where_cpu_does_not() -> None:
    needs = needs_of(replace(ONE_A_SECOND, work_s=10_000), COSTS)

    assert needs.worker_processes(turns=1000, most_load=1) == pytest.approx(10)


def test_a_thousand_jobs_a_day_fill_nothing_and_ten_million_overflow() -> None:
    few, many = (limits_of(needs_of(Workload(size), COSTS)) for size in (1_000, 10_000_000))

    assert max(few.values()) < 0.05
    assert max(many.values()) > 1


def test_the_table_has_a_column_for_each_size() -> None:
    assert {line.count("|") for line in tables(SIZES, COSTS).splitlines()} == {len(SIZES) + 2}
