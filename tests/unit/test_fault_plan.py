"""The fault plan: reproducible, bounded, and as frequent as it was asked to be."""

import subprocess
import sys
from collections import Counter

import pytest

from tests.support.fake_service.faults import COSTS_AN_ATTEMPT, POSSIBLE, Call, Fault, FaultPlan

SUBJECTS = [f"video-{number}" for number in range(60)]


def faults_of(plan: FaultPlan, call: Call, subject: str, calls: int = 60) -> list[Fault | None]:
    return [plan.decide(call, subject, ordinal) for ordinal in range(calls)]


def test_a_plan_without_rates_lets_everything_go_well() -> None:
    assert set(faults_of(FaultPlan(seed=3), Call.STATUS, "a")) == {None}


def test_the_same_seed_decides_the_same_in_whatever_order_it_is_asked() -> None:
    first, second = (FaultPlan.of_everything(seed=7, rate=0.1) for _ in range(2))
    questions = [(subject, ordinal) for subject in SUBJECTS for ordinal in range(5)]
    forwards = {asked: first.decide(Call.SUBMIT, *asked) for asked in questions}
    backwards = {asked: second.decide(Call.SUBMIT, *asked) for asked in reversed(questions)}
    assert forwards == backwards


def test_the_same_seed_decides_the_same_in_another_process() -> None:
    plan = FaultPlan.of_everything(seed=7, rate=0.1)
    script = (
        "from tests.support.fake_service.faults import *\n"
        "plan = FaultPlan.of_everything(seed=7, rate=0.1)\n"
        "print([plan.decide(Call.FETCH, 'a', ordinal) for ordinal in range(60)])"
    )
    answer = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert answer.strip() == str(faults_of(plan, Call.FETCH, "a"))


def test_another_seed_decides_otherwise() -> None:
    plans = [FaultPlan.of_everything(seed, rate=0.1) for seed in (1, 2)]
    first, second = ([faults_of(plan, Call.STATUS, name) for name in SUBJECTS] for plan in plans)
    assert first != second


def test_subjects_and_kinds_of_call_have_their_own_luck() -> None:
    plan = FaultPlan(seed=1, rates={Fault.RESET: 0.3})
    assert faults_of(plan, Call.STATUS, "a") != faults_of(plan, Call.STATUS, "b")
    assert faults_of(plan, Call.STATUS, "a") != faults_of(plan, Call.FETCH, "a")


@pytest.mark.parametrize("call", Call)
def test_a_fault_comes_only_where_it_can_and_only_so_often(call: Call) -> None:
    plan = FaultPlan.of_everything(seed=5, rate=0.15)
    for subject in SUBJECTS:
        used = Counter(fault for fault in faults_of(plan, call, subject) if fault)
        assert set(used) <= set(POSSIBLE[call])
        assert max(used.values(), default=0) <= plan.most_of_a_kind


def test_a_subject_loses_fewer_attempts_than_a_stage_gets() -> None:
    plan = FaultPlan(seed=5, rates=dict.fromkeys(COSTS_AN_ATTEMPT, 0.5))
    lost = [
        sum(fault in COSTS_AN_ATTEMPT for fault in faults_of(plan, Call.JOB, subject))
        for subject in SUBJECTS
    ]
    assert set(lost) == {2}


def test_faults_end_at_the_horizon() -> None:
    plan = FaultPlan(seed=5, rates={Fault.SLOW: 1.0}, most_of_a_kind=100, horizon=10)
    assert faults_of(plan, Call.STATUS, "a", calls=12) == [Fault.SLOW] * 10 + [None] * 2


def test_permanent_failures_come_only_when_asked_for_and_are_not_bounded() -> None:
    everything = FaultPlan.of_everything(seed=5, rate=0.2)
    fates = [everything.decide(Call.JOB, subject, 0) for subject in SUBJECTS]
    assert Fault.FAILED_PERMANENT not in fates
    plan = FaultPlan(seed=5, rates={Fault.FAILED_PERMANENT: 1.0})
    assert faults_of(plan, Call.JOB, "a", calls=5) == [Fault.FAILED_PERMANENT] * 5


def test_a_rate_is_kept_over_many_subjects() -> None:
    plan = FaultPlan(seed=5, rates={Fault.RESET: 0.1, Fault.SLOW: 0.2})
    drawn = Counter(plan.decide(Call.STATUS, f"video-{number}", 0) for number in range(5000))
    assert drawn[Fault.RESET] == pytest.approx(500, rel=0.15)
    assert drawn[Fault.SLOW] == pytest.approx(1000, rel=0.15)


def test_a_plan_survives_its_way_through_json() -> None:
    plan = FaultPlan.of_everything(seed=9, rate=0.1)
    assert FaultPlan.model_validate_json(plan.model_dump_json()) == plan
