"""A worker process tracks its turns, and asks some to end when messages wait."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from orchestrator.engine.running_turns import RunningTurns


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Turns that are entered here run until the test ends."""
    with ExitStack() as entered:
        yield entered


def running(stack: ExitStack, *job_ids: str, capacity: int = 2) -> RunningTurns:
    turns = RunningTurns("here:1:a", capacity=capacity)
    for job_id in job_ids:
        stack.enter_context(turns.track(job_id, f"turn of {job_id}"))
    return turns


def yields(turns: RunningTurns, *, asked: int = 10) -> int:
    return sum(turns.should_yield() for _ in range(asked))


def test_a_turn_is_tracked_while_it_runs(stack: ExitStack) -> None:
    turns = running(stack)
    with turns.track("a1", "turn 1"):
        assert turns.snapshot() == {"a1": "turn 1"}
    assert turns.snapshot() == {}


def test_a_turn_that_failed_is_no_longer_tracked(stack: ExitStack) -> None:
    turns = running(stack)
    with pytest.raises(RuntimeError), turns.track("a1", "turn 1"):
        raise RuntimeError
    assert (turns.snapshot(), turns.processed) == ({}, 1)


def test_a_late_turn_does_not_remove_its_successor(stack: ExitStack) -> None:
    turns = running(stack)
    with turns.track("a1", "turn 1"):
        stack.enter_context(turns.track("a1", "turn 2"))
    assert turns.snapshot() == {"a1": "turn 2"}


def test_a_snapshot_does_not_change_afterwards(stack: ExitStack) -> None:
    turns = running(stack, "a1")
    before = turns.snapshot()
    stack.enter_context(turns.track("b2", "turn"))
    assert before == {"a1": "turn of a1"}


def test_turns_that_have_ended_are_counted(stack: ExitStack) -> None:
    turns = running(stack)
    for _ in range(3):
        with turns.track("a1", "turn"):
            pass
    assert turns.processed == 3


def test_no_turn_yields_unasked(stack: ExitStack) -> None:
    assert yields(running(stack, "a1", "b2")) == 0


def test_as_many_turns_yield_as_messages_wait(stack: ExitStack) -> None:
    turns = running(stack, "a1", "b2", "c3", capacity=3)
    turns.request_yield(2)
    assert yields(turns) == 2


def test_no_more_turns_yield_than_run(stack: ExitStack) -> None:
    turns = running(stack, "a1", "b2")
    turns.request_yield(500)
    assert yields(turns) == 2


def test_no_turn_yields_while_a_slot_is_free(stack: ExitStack) -> None:
    turns = running(stack, "a1", capacity=2)
    turns.request_yield(5)
    assert yields(turns) == 0


def test_a_new_count_replaces_the_old_one(stack: ExitStack) -> None:
    turns = running(stack, "a1", "b2")
    turns.request_yield(2)
    turns.request_yield(0)
    assert yields(turns) == 0
