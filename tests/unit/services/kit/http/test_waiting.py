"""`Prefer: wait` is parsed."""

import pytest

from services.kit.http.waiting import MAX_WAIT_S, parse_wait_s


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ("wait=20", 20),
        ("respond-async, wait=7", 7),
        ("WAIT = 3; foo", 3),
        ('wait="5"', 5),
        ("wait=99999", MAX_WAIT_S),
        ("", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=soon", 0),
        ("await=5", 0),
    ],
)
def test_a_wish_to_wait_is_understood_or_ignored(prefer: str, wait_s: int) -> None:
    assert parse_wait_s(prefer) == wait_s
