"""No input to POST /pipeline causes a 500 or a response that violates the schema."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api_process import VIDEO, Api, running_api

_FIELDS = (
    *("youtube_url", "language", "language_out", "remove_noise", "convert_to_mono", "priority"),
    *("apply_highpass_filter", "set_sample_rate_16k", "isolate_vocals", "force", "vocabulary"),
    *("metadata", "callback_url", "captions"),
)
_TEXT = st.text(st.characters(codec=None), max_size=60)  # lone surrogates too
_URLS = st.one_of(
    st.just(VIDEO),
    _TEXT.map("http://video.test/".__add__),
    _TEXT.map("http://".__add__),
    st.sampled_from(["http://[::1", "http://\x00", "//video.test", "http://video.test:x/", "\n"]),
)
_PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), _TEXT, _URLS,
    st.sampled_from(["auto", "pt", "high", "prefer", "true", "x" * 3000]),
)  # fmt: skip
_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)
)
_BODIES = st.fixed_dictionaries(
    {}, optional={"youtube_url": _URLS | _VALUES} | dict.fromkeys(_FIELDS[1:], _VALUES)
)
_ANY_NAME = st.dictionaries(st.sampled_from(_FIELDS) | _TEXT, _VALUES, max_size=4)
_TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "text/plain",
        "",
        "multipart/form-data",
    ]
)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API without authentication and rate limits."""
    with running_api(
        tmp_path_factory.mktemp("fuzz"), RATE_LIMIT_SUBMIT="none", RATE_LIMIT_READ="none"
    ) as running:
        yield running


_quickly = settings(
    max_examples=150,
    # The same bodies in every run, so that a failure is caused by a change; FUZZ=1 generates
    # new ones.
    derandomize="FUZZ" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def check(api: Api, body: bytes, content_type: str = "application/json") -> None:
    answer = api.call("POST", "/pipeline", headers={"Content-Type": content_type}, data=body)
    assert answer.status_code in {202, 400, 413, 415, 422}, answer.text
    told: dict[str, Any] = answer.json()
    if answer.status_code == 202:
        assert api.call("GET", answer.headers["Location"]).json()["job_id"] == told["job_id"]
        return
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert told["status"] == answer.status_code
    assert all(fault["pointer"].startswith("#") for fault in told.get("errors", ()))


@_quickly
@given(_BODIES)
def test_no_value_of_a_known_field_breaks_the_api(api: Api, body: dict[str, Any]) -> None:
    check(api, json.dumps(body).encode())


@_quickly
@given(_ANY_NAME | _VALUES)
def test_no_json_breaks_the_api(api: Api, body: Any) -> None:
    check(api, json.dumps(body).encode())


@_quickly
@given(st.binary(max_size=200), _TYPES)
def test_no_bytes_break_the_api(api: Api, body: bytes, content_type: str) -> None:
    check(api, body, content_type)
