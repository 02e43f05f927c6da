"""Translation into the caller's language."""

import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask

import web
from orchestrator.errors import OrchestratorError
from web.http import errors
from web.http.messages import language, translate

CATALOGUE = Path(web.__file__).parent / "translations" / "pt" / "LC_MESSAGES" / "messages.po"
# Their texts are looked up by reason.
UNTRANSLATED = {"invalid_request", "model_unavailable", "unsupported_language"}


def translated(accept_language: str | None, key: str, english: str, **facts: object) -> str:
    app = Flask("test", static_folder=None, root_path=str(Path(web.__file__).parent))
    headers = {"Accept-Language": accept_language} if accept_language else {}
    with app.test_request_context(headers=headers):
        return translate(key, english, **facts)


@pytest.mark.parametrize(
    "accepted", [None, "pt-BR, en;q=0.5", "pt", "fr", "*", "en;q=0.3, pt", "?"]
)
def test_messages_are_portuguese_by_default(
    accepted: str | None,
) -> None:
    assert (
        translated(accepted, "message.pipeline", "Pipeline started")
        == "Pipeline iniciado com sucesso"
    )


@pytest.mark.parametrize("accepted", ["en", "en-GB,en;q=0.9", "fr, en;q=0.5, pt;q=0.1"])
def test_messages_are_english_if_preferred(accepted: str) -> None:
    assert translated(accepted, "message.pipeline", "Pipeline started") == "Pipeline started"


def test_placeholders_are_filled_in() -> None:
    text = translated("pt", "error.job_not_found", "Job a1 does not exist", job_id="a1")
    assert text == "O job a1 não existe"


def test_a_text_with_missing_values_stays_english() -> None:
    assert (
        translated("pt", "error.job_not_found", "Job a1 does not exist") == "Job a1 does not exist"
    )


def test_a_text_without_translation_stays_english() -> None:
    assert translated("pt", "error.of_tomorrow", "It rains") == "It rains"


def test_the_language_is_returned_as_its_code() -> None:
    app = Flask("test", static_folder=None)
    with app.test_request_context(headers={"Accept-Language": "en-GB"}):
        assert language() == "en"


def test_the_compiled_catalogue_matches_its_source() -> None:
    compiled = io.BytesIO()
    with CATALOGUE.open("rb") as source:
        write_mo(compiled, read_po(source))
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue(), "make translations"


def test_every_client_error_has_a_portuguese_text() -> None:
    with CATALOGUE.open("rb") as source:
        known = {str(message.id) for message in read_po(source)}
    seen: set[type[OrchestratorError]] = set(errors._STATUS)  # noqa: SLF001 - the table itself
    codes = {f"error.{kind.code}" for kind in seen if kind.code not in UNTRANSLATED}
    assert codes <= known
