"""The `wait` preference is parsed as RFC 7240, section 4.3, defines it."""

import pytest

from foundation.prefer import parse_wait_s


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ("wait=20", 20),
        ("respond-async, wait=7", 7),
        ("WAIT = 3; foo", 3),
        ('Wait = "7" ; note=x, return=minimal', 7),
        ('wait="5"', 5),
        ("wait=999999999", 999_999_999),
        ("wait=9999999999", 0),
        ("", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=soon", 0),
        ("await=5", 0),
    ],
)
def test_a_wait_is_parsed_or_ignored(prefer: str, wait_s: int) -> None:
    assert parse_wait_s(prefer) == wait_s
