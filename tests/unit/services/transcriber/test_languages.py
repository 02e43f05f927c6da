"""The supported languages, the spellings of their tags, and the listed translations."""

from pathlib import Path

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES as WHISPER_CODES

from orchestrator.domain import languages as orchestrator_languages
from orchestrator.use_cases.capabilities import read_capabilities
from services.kit.work import WorkError
from services.transcriber.encoder_file import ENCODER
from services.transcriber.languages import (
    NAMES,
    find_code,
    from_whisper_code,
    languages,
    to_whisper_code,
)
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.settings import TranscriberSettings


def settings(model: str = "base") -> TranscriberSettings:
    return TranscriberSettings(whisper_model=model)


NEWEST = "large-v3"
SPELLINGS = {
    "pt": ["PT", "pt-BR", "pt_br", "por", "pt_BR.UTF-8"],
    "en": ["eng", "en-GB", "en-Latn-US", "en-usa"],
    "de": ["ger", "deu", "de-AT", "de-1996"],
    "fr": ["fre", "fra"],
    "he": ["iw", "iw-IL", "heb"],
    "id": ["in", "ind"],
    "yi": ["ji"],
    "jv": ["jw", "jav"],
    "zh": ["zh-TW", "zh-Hans", "zh-Hant-HK", "cmn", "chi", "zho", "ZH_cn"],
    "no": ["nb", "nb-NO", "nob", "nor"],
    "nn": ["nno"],
    "tl": ["fil", "tgl"],
    "ro": ["mo", "ron", "rum"],
    "sr": ["sh", "sr-Latn"],
    "fa": ["per", "fas", "prs"],
    "ar": ["arb", "ar-EG"],
    "yue": ["zh-yue"],
    "haw": ["haw-US"],
}


def test_every_language_is_supported_by_the_engine() -> None:
    assert {to_whisper_code(code, NEWEST) for code in NAMES} == set(WHISPER_CODES)


def test_codes_survive_a_round_trip_through_whisper_codes() -> None:
    assert [from_whisper_code(to_whisper_code(code, NEWEST)) for code in NAMES] == list(NAMES)


@pytest.mark.parametrize("code", NAMES)
def test_a_code_maps_to_itself(code: str) -> None:
    assert find_code(code) == code
    assert orchestrator_languages.find_code(code) == code


@pytest.mark.parametrize(
    ("tag", "code"), [(tag, code) for code, tags in SPELLINGS.items() for tag in tags]
)
def test_every_usual_spelling_of_a_language_is_accepted(tag: str, code: str) -> None:
    fields = {"language_in": tag, "language_out": f" {tag} "}
    options = SubmissionOptions.model_validate(fields)
    assert (options.language_in, options.language_out) == (code, code)
    assert orchestrator_languages.find_code(tag) == code


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "xx",
        "tlh",
        "und",
        "mul",
        "zxx",
        "english",
        "pt-",
        "-",
        "pt--BR",
        "pt-" + "a" * 9,
        "x-a",
        "ß",
        "pt-" * 99,
    ],
)
def test_an_unknown_tag_has_no_code(tag: str) -> None:
    assert find_code(tag) is None
    assert orchestrator_languages.find_code(tag) is None


@pytest.mark.parametrize("model", ["large-v3", "large-v3-turbo", "turbo", "org/faster-large-v3"])
def test_the_newest_models_support_cantonese(model: str) -> None:
    assert {"code": "yue", "name": "Cantonese"} in languages(settings(model))["languages"]
    assert to_whisper_code("yue", model) == "yue"


@pytest.mark.parametrize("model", ["bundled", "base", "medium", "large-v2"])
def test_other_models_treat_cantonese_as_chinese(model: str) -> None:
    check(SubmissionOptions(language_in="yue", language_out="en"), settings(model))
    check(SubmissionOptions(language_in="yue", language_out="zh"), settings(model))
    assert "yue" not in {one["code"] for one in languages(settings(model))["languages"]}
    assert to_whisper_code("yue", model) == "zh"


def test_languages_reports_whether_diarization_is_available(tmp_path: Path) -> None:
    without = TranscriberSettings(models_dir=tmp_path)
    assert languages(without)["diarize"] is False
    (tmp_path / ENCODER.filename).touch()
    assert languages(without)["diarize"] is True


def test_languages_lists_names_pairs_and_models() -> None:
    answer = languages(settings())
    assert {"code": "pt", "name": "Portuguese"} in answer["languages"]
    assert {"from": "pt", "to": "en"} in answer["translations"]
    assert answer["model"] == "base"
    assert "large-v3" in answer["models"]


@pytest.mark.parametrize("model", ["base", "large-v3", "small.en"])
def test_the_orchestrator_understands_what_is_listed(model: str) -> None:
    listed = languages(settings(model))
    read = read_capabilities(listed)
    assert read.languages == tuple(one["code"] for one in listed["languages"])
    assert read.translations == frozenset(
        (one["from"], one["to"]) for one in listed["translations"]
    )
    assert read.diarize is listed["diarize"]


@pytest.mark.parametrize("model", ["large-v3-turbo", "small.en", "distil-large-v3"])
def test_a_model_that_cannot_translate_lists_no_translations(model: str) -> None:
    assert languages(settings(model))["translations"] == []


def test_an_english_model_supports_only_english() -> None:
    assert languages(settings("small.en"))["languages"] == [{"code": "en", "name": "English"}]


@pytest.mark.parametrize(
    ("language_in", "language_out"),
    [("auto", None), ("pt", None), ("PT", ""), ("pt", "en"), ("pt", "pt"), ("auto", "pt")],
)
def test_supported_languages_are_accepted(language_in: str, language_out: str | None) -> None:
    fields = {"language_in": language_in, "language_out": language_out}
    check(SubmissionOptions.model_validate(fields), settings())


@pytest.mark.parametrize(
    ("model", "language_in", "language_out", "reason"),
    [
        ("base", "tlh", None, "'tlh' is not supported. Use one of: af, am"),
        ("base", "auto", "tlh", "'tlh' is not supported. Use one of: af, am"),
        ("base", "pt", "fr", "Available targets: en"),
        ("turbo", "pt", "en", "Available targets: none"),
        ("small.en", "pt", None, "'pt' is not supported. Use one of: en"),
    ],
)
def test_unsupported_languages_are_refused_with_a_list_of_supported_ones(
    model: str, language_in: str, language_out: str | None, reason: str
) -> None:
    options = SubmissionOptions(language_in=language_in, language_out=language_out)
    with pytest.raises(WorkError, match=reason) as refusal:
        check(options, settings(model))
    assert refusal.value.code == "unsupported_language"
