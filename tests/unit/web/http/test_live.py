"""Parsing of ``Prefer: wait`` (RFC 7240, section 4.3)."""

import pytest

from web.http.live import parse_wait_s


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ("wait=10", 10),
        ("respond-async, wait=10", 10),
        ('Wait = "7" ; note=x, return=minimal', 7),
        ("wait=999999999", 999_999_999),
        ("", 0),
        ("wait", 0),
        ("wait=", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=ten", 0),
        ("await=10", 0),
        ("wait=9999999999", 0),
    ],
)
def test_the_wait_preference_is_parsed(prefer: str, wait_s: int) -> None:
    assert parse_wait_s(prefer) == wait_s
