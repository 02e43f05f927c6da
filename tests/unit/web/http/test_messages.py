"""Messages in the caller's language."""

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
# Its texts go by their reason.
UNTRANSLATED = {"invalid_request", "model_unavailable", "unsupported_language"}


def said(accept_language: str | None, key: str, english: str, **facts: object) -> str:
    app = Flask("test", static_folder=None, root_path=str(Path(web.__file__).parent))
    headers = {"Accept-Language": accept_language} if accept_language else {}
    with app.test_request_context(headers=headers):
        return translate(key, english, **facts)


@pytest.mark.parametrize(
    "accepted", [None, "pt-BR, en;q=0.5", "pt", "fr", "*", "en;q=0.3, pt", "?"]
)
def test_portuguese_is_what_everybody_gets_who_does_not_prefer_english(
    accepted: str | None,
) -> None:
    assert said(accepted, "message.pipeline", "Pipeline started") == "Pipeline iniciado com sucesso"


@pytest.mark.parametrize("accepted", ["en", "en-GB,en;q=0.9", "fr, en;q=0.5, pt;q=0.1"])
def test_english_is_what_those_get_who_prefer_it(accepted: str) -> None:
    assert said(accepted, "message.pipeline", "Pipeline started") == "Pipeline started"


def test_facts_stand_in_their_places() -> None:
    text = said("pt", "error.job_not_found", "Job a1 does not exist", job_id="a1")
    assert text == "O job a1 não existe"


def test_a_text_whose_facts_are_missing_stays_english() -> None:
    assert said("pt", "error.job_not_found", "Job a1 does not exist") == "Job a1 does not exist"


def test_a_message_that_no_catalogue_has_stays_english() -> None:
    assert said("pt", "error.of_tomorrow", "It rains") == "It rains"


def test_the_language_is_told_as_its_code() -> None:
    app = Flask("test", static_folder=None)
    with app.test_request_context(headers={"Accept-Language": "en-GB"}):
        assert language() == "en"


def test_the_compiled_catalogue_is_that_of_its_source() -> None:
    compiled = io.BytesIO()
    with CATALOGUE.open("rb") as source:
        write_mo(compiled, read_po(source))
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled.getvalue(), "make translations"


def test_every_error_that_clients_see_has_a_text_in_portuguese() -> None:
    with CATALOGUE.open("rb") as source:
        known = {str(message.id) for message in read_po(source)}
    seen: set[type[OrchestratorError]] = set(errors._STATUS)  # noqa: SLF001 - the table itself
    codes = {f"error.{kind.code}" for kind in seen if kind.code not in UNTRANSLATED}
    assert codes <= known
