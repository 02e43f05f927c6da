"""Capabilities that services report, and requests that are refused because of them."""

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.domain.job import JobOptions
from orchestrator.errors import OptionUnavailableError, UnsupportedLanguageError
from orchestrator.use_cases.capabilities import (
    Capabilities,
    CapabilityChecker,
    check_options,
    read_capabilities,
)
from tests.support.jobs import make_request

PAGE = {
    "languages": [{"code": "en", "name": "English"}, {"code": "jw"}, "pt", {"code": "zh"}],
    "translations": [{"from": "jw", "to": "en"}, {"from": "pt", "to": "en"}],
    "models": ["base"],
    "diarize": False,
}
READ = Capabilities(
    languages=("en", "jv", "pt", "zh"),
    translations=frozenset({("jv", "en"), ("pt", "en")}),
    diarize=False,
)
UNKNOWN = Capabilities()


def test_a_services_own_language_codes_are_normalized() -> None:
    assert read_capabilities(PAGE) == READ


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "languages",
        {},
        {"languages": "all", "translations": None, "diarize": "no"},
        {"languages": [7, None, {}, {"code": 7}, "?"], "translations": ["pt", {"from": "?"}]},
        {"code": "not_found", "status": 404},
    ],
)
def test_an_invalid_page_reports_nothing(body: Any) -> None:
    assert read_capabilities(body) == UNKNOWN


def test_an_empty_list_of_translations_means_none() -> None:
    assert read_capabilities({"translations": []}).translations == frozenset()


@pytest.mark.parametrize(
    "options",
    [
        JobOptions(language="fr"),
        JobOptions(language_out="fr"),
        JobOptions(language="en", language_out="pt"),
        JobOptions(language="zh", language_out="en"),
        JobOptions(language_out="pt"),
    ],
)
def test_an_unsupported_language_is_refused(options: JobOptions) -> None:
    with pytest.raises(UnsupportedLanguageError) as caught:
        check_options(options, UNKNOWN, READ)
    assert caught.value.available == (
        READ.languages if caught.value.reason == "language" else caught.value.available
    )
    check_options(options, UNKNOWN, UNKNOWN)


def test_a_language_without_any_translation_is_refused_without_an_empty_list() -> None:
    with pytest.raises(UnsupportedLanguageError, match="or any other language") as caught:
        check_options(JobOptions(language="zh", language_out="en"), UNKNOWN, READ)
    assert (caught.value.reason, caught.value.available) == ("no_translation", ())


def test_cantonese_counts_as_chinese_if_the_model_lacks_it() -> None:
    check_options(JobOptions(language="yue", language_out="zh"), UNKNOWN, READ)
    with pytest.raises(UnsupportedLanguageError, match="from zh to en"):
        check_options(JobOptions(language="yue", language_out="en"), UNKNOWN, READ)


def test_an_option_whose_component_is_not_installed_is_refused() -> None:
    with pytest.raises(OptionUnavailableError, match="Speaker diarization"):
        check_options(JobOptions(diarize=True), UNKNOWN, READ)
    missing = Capabilities(isolate_vocals=False)
    with pytest.raises(OptionUnavailableError, match="Vocal isolation"):
        check_options(JobOptions(isolate_vocals=True), missing, READ)
    check_options(JobOptions(diarize=True, isolate_vocals=True), UNKNOWN, UNKNOWN)


class Clock:
    """A clock that advances only when it is set."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


class Client:
    """A service with a fixed page, which counts requests."""

    def __init__(self, body: Any) -> None:
        self.body = body
        self.calls = 0

    def fetch_page(self, page: str, *, timeout_s: float) -> Any:
        assert page in {"languages", "capabilities"}
        assert timeout_s <= 2
        self.calls += 1
        return self.body


def make_checker(clients: Mapping[str, Any], clock: Clock) -> CapabilityChecker:
    return CapabilityChecker(clients, clock)


FRENCH = make_request(options=JobOptions(language="fr"))
SERVICES = ("audio-normalization", "audio-transcriber")


def test_capabilities_are_read_once_a_minute() -> None:
    clock, normalizer, transcriber = Clock(), Client({}), Client(PAGE)
    checker = make_checker(dict(zip(SERVICES, (normalizer, transcriber), strict=True)), clock)
    for now_s, calls in ((100.0, 1), (159.0, 1), (161.0, 2)):
        clock.now_s = now_s
        for _ in range(3):
            with pytest.raises(UnsupportedLanguageError):
                checker.check(FRENCH)
        assert transcriber.calls == calls
    assert normalizer.calls == 0, "no option needs it"


def test_while_a_service_is_down_all_requests_pass_and_it_is_retried_soon() -> None:
    clock, client = Clock(), Client(None)
    checker = make_checker(dict.fromkeys(SERVICES, client), clock)
    checker.check(FRENCH)
    checker.check(FRENCH)
    assert client.calls == 1
    client.body, clock.now_s = PAGE, 106.0
    with pytest.raises(UnsupportedLanguageError):
        checker.check(FRENCH)


def test_a_request_without_options_reads_no_capabilities() -> None:
    client = Client(PAGE)
    make_checker(dict.fromkeys(SERVICES, client), Clock()).check(make_request())
    assert client.calls == 0
