"""Goals and their verdicts."""

import pytest

from benchmarks.cpu import compare
from benchmarks.harness.goals import Goal, Verdict, as_table, at_least, at_most
from benchmarks.harness.runs import Run, middle

FLOOR = Run("floor", 100, cpu_s=0.4, overheads_s=[0.2] * 100, memory_bytes=1)
ARQ = Run("arq", 100, cpu_s=1.5, overheads_s=[0.5] * 100, memory_bytes=1)


def own(*, cpu_s: float = 1.2, overhead_s: float = 0.5, api_cpu_s: float = 0.3) -> Run:
    return Run("own", 100, cpu_s, [overhead_s] * 100, memory_bytes=1, api_cpu_s=api_cpu_s)


def test_a_limit_itself_is_within_the_limit() -> None:
    assert at_most(2.0, 2.0) is at_least(2.0, 2.0) is Verdict.REACHED


def test_beyond_the_limit_is_missed() -> None:
    assert at_most(2.1, 2.0) is at_least(1.9, 2.0) is Verdict.MISSED


def test_a_run_within_all_limits_reaches_every_goal() -> None:
    assert {goal.verdict for goal in compare(FLOOR, ARQ, own())} == {Verdict.REACHED}


@pytest.mark.parametrize(
    ("run", "row"),
    [
        pytest.param(own(cpu_s=1.55), 0, id="above arq, below five floors"),
        pytest.param(own(api_cpu_s=0.5), 1, id="API above 1.3 times that of 1.0"),
        pytest.param(own(overhead_s=0.7), 2, id="overhead above 1.2 times arq's"),
    ],
)
def test_each_limit_is_judged_by_itself(run: Run, row: int) -> None:
    missed = [goal.verdict is Verdict.MISSED for goal in compare(FLOOR, ARQ, run)]

    assert missed == [number == row for number in range(3)]


def test_of_several_rounds_each_figure_is_in_the_middle() -> None:
    rounds = [
        own(cpu_s=1.0, overhead_s=0.3, api_cpu_s=0.2),
        own(cpu_s=9.0, overhead_s=0.1, api_cpu_s=0.1),
        own(cpu_s=2.0, overhead_s=0.2, api_cpu_s=0.9),
    ]

    assert middle(rounds) == own(cpu_s=2.0, overhead_s=0.2, api_cpu_s=0.2)


def test_a_miss_is_printed_as_a_miss() -> None:
    row = as_table([Goal("what", "≤ 1", "2", verdict=Verdict.MISSED)]).splitlines()[-1]

    assert row == "| what | ≤ 1 | 2 |  | **missed** |"
