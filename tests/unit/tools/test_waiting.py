"""Waiting ends when the condition holds, and says what it waited for when it does not."""

import pytest

from tools.waiting import wait_until


def test_a_condition_that_holds_costs_no_wait() -> None:
    answers = iter([True])
    wait_until(lambda: next(answers), timeout_s=0, what="the answer")


def test_a_wait_in_vain_names_what_did_not_come() -> None:
    with pytest.raises(TimeoutError, match="the answer"):
        wait_until(lambda: False, timeout_s=-1, what="the answer")
