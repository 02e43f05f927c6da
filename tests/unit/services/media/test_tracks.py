"""Languages of tracks are compared as the orchestrator writes them."""

import pytest

from orchestrator.domain.languages import CODES, find_code
from services.media import normalize_language

WRITTEN = (
    *("eng", "en-US", "zh_TW", "chi", "cmn", "yue", "por", "iw", "heb", "nob", "nno", "nor", "fil"),
    *("sin", "mlt", "bre", "epo", "tib", "bod", "hat", "zsm", "arb", "hrv", "srp", "jw", "haw"),
)


@pytest.mark.parametrize("tag", [*WRITTEN, *sorted(CODES)])
def test_a_track_s_language_is_that_of_a_request(tag: str) -> None:
    assert normalize_language(tag) == find_code(tag)


@pytest.mark.parametrize("tag", [None, "", "und", "UND", "mul", "zxx"])
def test_a_language_that_is_not_named_is_unknown(tag: str | None) -> None:
    assert normalize_language(tag) is None


@pytest.mark.parametrize(("tag", "kept"), [("English", "english"), ("??", "??"), ("tlh", "tlh")])
def test_what_is_no_code_of_the_orchestrator_is_kept(tag: str, kept: str) -> None:
    assert normalize_language(tag) == kept
