"""Rates as operators write them."""

import pytest

from orchestrator.errors import SettingsError
from web.http.rates import parse_rates


def test_several_rates_are_each_read() -> None:
    rates = parse_rates("RATE_LIMIT_READ", "3 per second; 100/hour")
    assert [(rate.amount, rate.get_expiry()) for rate in rates] == [(3, 1), (100, 3600)]


@pytest.mark.parametrize("word", ["none", " None "])
def test_no_rate_is_none(word: str) -> None:
    assert parse_rates("RATE_LIMIT_READ", word) == []


@pytest.mark.parametrize("text", ["many", "", "10 per eternity"])
def test_what_is_no_rate_is_refused_by_the_name_of_its_variable(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^RATE_LIMIT_WRONG_KEYS must be a rate"):
        parse_rates("RATE_LIMIT_WRONG_KEYS", text)
