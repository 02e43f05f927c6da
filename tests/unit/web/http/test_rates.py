"""Parsing of rate limits."""

import pytest

from orchestrator.errors import SettingsError
from web.http.rates import parse_rates


def test_several_rates_are_parsed() -> None:
    rates = parse_rates("RATE_LIMIT_READ", "3 per second; 100/hour")
    assert [(rate.amount, rate.get_expiry()) for rate in rates] == [(3, 1), (100, 3600)]


@pytest.mark.parametrize("word", ["none", " None "])
def test_none_means_no_rate(word: str) -> None:
    assert parse_rates("RATE_LIMIT_READ", word) == []


@pytest.mark.parametrize("text", ["many", "", "10 per eternity"])
def test_the_error_for_an_invalid_rate_names_its_setting(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^RATE_LIMIT_WRONG_KEYS must be a rate"):
        parse_rates("RATE_LIMIT_WRONG_KEYS", text)
