"""Which languages are taken, and which translations are promised."""

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES as WHISPER_CODES

from services.kit.work import WorkError
from services.transcriber.languages import (
    NAMES,
    from_whisper_code,
    languages,
    to_whisper_code,
)
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.settings import TranscriberSettings


def settings(model: str = "base") -> TranscriberSettings:
    return TranscriberSettings(whisper_model=model)


def test_every_language_is_one_that_the_engine_knows() -> None:
    assert {to_whisper_code(code) for code in NAMES} == set(WHISPER_CODES) - {"yue"}


def test_codes_survive_the_way_to_whisper_and_back() -> None:
    assert [from_whisper_code(to_whisper_code(code)) for code in NAMES] == list(NAMES)


def test_languages_lists_names_pairs_and_models() -> None:
    answer = languages(settings())
    assert {"code": "pt", "name": "Portuguese"} in answer["languages"]
    assert {"from": "pt", "to": "en"} in answer["translations"]
    assert answer["model"] == "base"
    assert "large-v3" in answer["models"]


@pytest.mark.parametrize("model", ["large-v3-turbo", "small.en", "distil-large-v3"])
def test_a_model_that_cannot_translate_promises_nothing(model: str) -> None:
    assert languages(settings(model))["translations"] == []


def test_an_english_model_knows_english_only() -> None:
    assert languages(settings("small.en"))["languages"] == [{"code": "en", "name": "English"}]


@pytest.mark.parametrize(
    ("language_in", "language_out"),
    [("auto", None), ("pt", None), ("PT", ""), ("pt", "en"), ("pt", "pt"), ("auto", "pt")],
)
def test_languages_that_can_be_served_are_accepted(
    language_in: str, language_out: str | None
) -> None:
    fields = {"language_in": language_in, "language_out": language_out}
    check(SubmissionOptions.model_validate(fields), settings())


@pytest.mark.parametrize(
    ("model", "language_in", "language_out", "reason"),
    [
        ("base", "tlh", None, "tlh is none of af, am"),
        ("base", "auto", "tlh", "tlh is none of af, am"),
        ("base", "pt", "fr", "From pt it goes into: en"),
        ("turbo", "pt", "en", "From pt it goes into: nothing"),
        ("small.en", "pt", None, "pt is none of en"),
    ],
)
def test_languages_that_cannot_be_served_are_refused_with_those_that_can(
    model: str, language_in: str, language_out: str | None, reason: str
) -> None:
    options = SubmissionOptions(language_in=language_in, language_out=language_out)
    with pytest.raises(WorkError, match=reason) as refusal:
        check(options, settings(model))
    assert refusal.value.code == "unsupported_language"
