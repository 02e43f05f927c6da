"""Translation into languages that Whisper does not support, with a model that the test builds.

No package registry has a real model of this kind. The test's model uses the same engine, files and
code; its translation is the text in capitals.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.kit.work import Artifact, WorkError
from services.transcriber.bundled import BUNDLED
from services.transcriber.languages import languages
from services.transcriber.options import SubmissionOptions, check
from services.transcriber.settings import TranscriberSettings
from services.transcriber.transcript import Segment
from services.transcriber.translation import FOLDER_NAME, METADATA, Package, find_packages
from services.transcriber.translator import Translator
from services.transcriber.work import run
from tests.support.models import MODELS_DIR
from tests.support.tiny_translation import make_package
from tests.support.work_context import SAMPLES, make_context

JFK = SAMPLES / "jfk.wav"
SENTENCES = ["Good morning. How are you?", "Nobody knows"]


def transcribe(work_dir: Path, settings: TranscriberSettings, **options: str) -> Artifact:
    return run(make_context(work_dir, JFK, options), settings)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """The English transcript without translation."""
    settings = TranscriberSettings(whisper_model=BUNDLED, models_dir=MODELS_DIR)
    return transcribe(tmp_path_factory.mktemp("plain"), settings, language_in="en")


@pytest.fixture(scope="module")
def settings(plain: Artifact, tmp_path_factory: pytest.TempPathFactory) -> TranscriberSettings:
    """Settings with the bundled Whisper model and a package from English to French."""
    models = tmp_path_factory.mktemp("models")
    texts = [plain.documents["text"]["text"], *SENTENCES]
    make_package(models / FOLDER_NAME, texts, source="en", target="fr")
    return TranscriberSettings(whisper_model=BUNDLED, models_dir=models)


def get_package(settings: TranscriberSettings) -> Package:
    (package,) = find_packages(settings)
    return package


def test_text_is_translated_and_keeps_its_times(
    tmp_path: Path, settings: TranscriberSettings, plain: Artifact
) -> None:
    artifact = transcribe(tmp_path, settings, language_in="en", language_out="fr")
    spoken, written = (made.documents["transcription"] for made in (plain, artifact))
    assert written["full_text"] == spoken["full_text"].upper()
    assert written["detected_language"] == "en"
    times = [
        [(segment["start"], segment["end"]) for segment in document["segments"]]
        for document in (spoken, written)
    ]
    assert times[0] == times[1]
    assert all(segment["words"] == [] for segment in written["segments"])


def test_subtitles_are_translated_too(
    tmp_path: Path, settings: TranscriberSettings, plain: Artifact
) -> None:
    artifact = transcribe(tmp_path, settings, language_in="en", language_out="fr")
    before: dict[str, str] = plain.documents["subtitles"]
    after: dict[str, str] = artifact.documents["subtitles"]
    assert after["srt"] == artifact.path.read_text("utf-8") == before["srt"].upper()
    assert after["txt"] == before["txt"].upper()
    assert after["vtt"].splitlines()[2:] == before["vtt"].upper().splitlines()[2:]


def test_a_third_language_goes_through_english(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    """With Spanish as its language, Whisper translates into English; the package does the rest."""
    artifact = transcribe(tmp_path, settings, language_in="es", language_out="fr")
    text = artifact.documents["text"]["text"]
    assert text == text.upper()
    assert "MY FELLOW AMERICANS" in text


def test_the_pairs_of_a_package_are_listed_and_accepted(settings: TranscriberSettings) -> None:
    pairs = languages(settings)["translations"]
    assert {"from": "en", "to": "fr"} in pairs
    assert {"from": "pt", "to": "fr"} in pairs
    assert {"from": "pt", "to": "en"} in pairs
    assert {"from": "fr", "to": "fr"} not in pairs
    check(SubmissionOptions(language_in="pt", language_out="fr"), settings)
    with pytest.raises(WorkError, match="Available targets: en, fr"):
        check(SubmissionOptions(language_in="pt", language_out="de"), settings)


def test_a_model_without_translations_uses_the_direct_pairs_only(
    settings: TranscriberSettings,
) -> None:
    turbo = settings.model_copy(update={"whisper_model": "large-v3-turbo"})
    assert languages(turbo)["translations"] == [{"from": "en", "to": "fr"}]


def test_each_sentence_is_translated_separately(settings: TranscriberSettings) -> None:
    segments = [Segment(f" {text}", 1.0, 2.0) for text in SENTENCES]
    made = Translator(get_package(settings), "cpu").translate(segments)
    assert [segment.text for segment in made] == [f" {text.upper()}" for text in SENTENCES]


def test_the_target_prefix_is_not_part_of_the_text(settings: TranscriberSettings) -> None:
    """The model outputs the prefix first, and its own words after it."""
    package = replace(get_package(settings), target_prefix="▁GOOD")
    (made,) = Translator(package, "cpu").translate([Segment(" How are you?", 0.0, 1.0)])
    assert made.text == " ARE YOU?"


def test_a_broken_package_is_an_error_without_its_path(
    tmp_path: Path, settings: TranscriberSettings
) -> None:
    package = replace(get_package(settings), folder=tmp_path)
    with pytest.raises(WorkError, match="model_unavailable") as refusal:
        Translator(package, "cpu")
    assert str(tmp_path) not in refusal.value.message


@pytest.mark.parametrize("change", [{"from_code": None}, {"to_code": ""}])
def test_packages_of_other_kinds_are_ignored(
    tmp_path: Path, settings: TranscriberSettings, change: dict[str, Any]
) -> None:
    folder = tmp_path / FOLDER_NAME / "other"
    folder.mkdir(parents=True)
    (folder / "sentencepiece.model").touch()
    described = json.loads((get_package(settings).folder / METADATA).read_text("utf-8"))
    (folder / METADATA).write_text(json.dumps(described | change))
    assert find_packages(settings.model_copy(update={"models_dir": tmp_path})) == []
