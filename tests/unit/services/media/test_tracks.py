"""Languages of tracks are compared as the codes of the orchestrator."""

import pytest

from orchestrator.domain.languages import CODES, find_code
from services.media import normalize_language

WRITTEN = (
    *("eng", "en-US", "zh_TW", "chi", "cmn", "yue", "por", "iw", "heb", "nob", "nno", "nor", "fil"),
    *("sin", "mlt", "bre", "epo", "tib", "bod", "hat", "zsm", "arb", "hrv", "srp", "jw", "haw"),
)


@pytest.mark.parametrize("tag", [*WRITTEN, *sorted(CODES)])
def test_a_language_tag_matches_the_code_of_a_request(tag: str) -> None:
    assert normalize_language(tag) == find_code(tag)


@pytest.mark.parametrize("tag", [None, "", "und", "UND", "mul", "zxx"])
def test_an_undetermined_language_is_unknown(tag: str | None) -> None:
    assert normalize_language(tag) is None


@pytest.mark.parametrize(("tag", "kept"), [("English", "english"), ("??", "??"), ("tlh", "tlh")])
def test_other_codes_are_kept(tag: str, kept: str) -> None:
    assert normalize_language(tag) == kept
