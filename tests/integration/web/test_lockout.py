"""Addresses that guess API keys are blocked temporarily."""

from collections.abc import Iterator

import pytest
import requests

from orchestrator.domain.access import make_key
from tests.support.api_process import Api, running_api

KEY, _ANN = make_key("ann", ["read"])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API behind one proxy, which forwards client IP addresses."""
    with running_api(
        tmp_path_factory.mktemp("lockout"),
        API_KEYS=str(_ANN),
        RATE_LIMIT_WRONG_KEYS="3 per hour",
        TRUSTED_PROXIES=1,
    ) as api:
        yield api


def ask(
    api: Api, address: str, key: str | None = "wrong", path: str = "/jobs"
) -> requests.Response:
    return api.call("GET", path, key=key, headers={"X-Forwarded-For": address})


def test_after_too_many_invalid_keys_valid_ones_are_rejected_too(guarded: Api) -> None:
    address = "203.0.113.1"
    assert [ask(guarded, address).status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = ask(guarded, address, KEY)
    assert (refused.status_code, refused.json()["code"]) == (429, "locked_out")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert ask(guarded, "203.0.113.2", KEY).ok, "another address is not blocked"
    assert ask(guarded, address, path="/health/live").ok, "public routes are not blocked"
    assert guarded.orchestrator.api is not None
    assert f"Blocked {address} for 3600 s after 3 failed" in guarded.orchestrator.api.log_text()


def test_valid_and_missing_keys_are_not_counted(guarded: Api) -> None:
    address = "203.0.113.3"
    assert {ask(guarded, address, KEY).status_code for _ in range(6)} == {200}
    assert {ask(guarded, address, None).status_code for _ in range(6)} == {401}
    assert ask(guarded, address, KEY).ok


def test_ipv6_addresses_of_one_network_count_together(guarded: Api) -> None:
    answers = [ask(guarded, f"2001:db8:1:1:{number}::1").status_code for number in range(4)]
    assert answers == [401, 401, 401, 429]
    assert ask(guarded, "2001:db8:1:2::1", KEY).ok


def test_counts_of_invalid_keys_expire(guarded: Api) -> None:
    ask(guarded, "203.0.113.4")
    with guarded.orchestrator.redis() as client:
        (key,) = client.scan_iter("orchestrator:limits:*wrong-keys/203.0.113.4/*")
        assert 0 < client.ttl(key) <= 3600
