"""The selection of failed tests for a second run."""

import json
from pathlib import Path

import pytest

from tools.second_run import choose, read_failed


@pytest.mark.parametrize("count", [1, 3])
def test_up_to_three_tests_may_run_once_more(tmp_path: Path, count: int) -> None:
    failed = [f"tests/test_some.py::test_{number}[a b]" for number in range(count)]
    cache = tmp_path / "lastfailed"
    cache.write_text(json.dumps(dict.fromkeys(failed, True)))
    assert choose(read_failed(cache)) == failed


@pytest.mark.parametrize(
    ("failed", "reason"),
    [
        ([], "recorded no failed test"),
        (["tests/test_some.py", "tests/test_other.py::test_it"], "collected: tests/test_some.py$"),
        ([f"tests/test_some.py::test_{number}" for number in range(4)], "4 tests failed"),
    ],
)
def test_no_other_failure_is_run_again(failed: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        choose(failed)


def test_a_run_that_recorded_nothing_has_no_failed_test(tmp_path: Path) -> None:
    assert read_failed(tmp_path / "lastfailed") == []
