"""Requests that no service can complete are refused, before a file is read."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK

KNOWN = ("en", "pt", "zh", "jw")
SERVICES = {"languages": KNOWN, "translations": (("pt", "en"), ("zh", "en")), "installed": ()}
# What is asked for, the code and the field of the refusal, and what could be asked for instead.
REFUSED: dict[str, tuple[dict[str, Any], str, str, list[str] | None]] = {
    "a language": (
        {"language": "fr"},
        "unsupported_language",
        "#/language",
        ["en", "pt", "zh", "jv"],
    ),
    "a language to translate to": (
        {"language_out": "de"},
        "unsupported_language",
        "#/language_out",
        ["en", "pt", "zh", "jv"],
    ),
    "a translation": (
        {"language": "pt", "language_out": "zh"},
        "unsupported_language",
        "#/language_out",
        ["en"],
    ),
    "a translation of whatever is spoken": (
        {"language_out": "pt"},
        "unsupported_language",
        "#/language_out",
        ["en"],
    ),
    "a translation from English": (
        {"language": "en", "language_out": "pt"},
        "unsupported_language",
        "#/language_out",
        [],
    ),
    "speakers": ({"diarize": True}, "model_unavailable", "#/diarize", None),
    "vocals": ({"isolate_vocals": True}, "model_unavailable", "#/isolate_vocals", None),
}
ACCEPTED: list[dict[str, Any]] = [
    {},
    {"language": "pt-BR", "language_out": "eng"},
    {"language": "pt", "language_out": "por"},
    {"language": "yue", "language_out": "en"},
    {"language": "jv"},
    {"language_out": "en"},
    {"language": "fr", "diarize": True, "captions": "prefer"},
]


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    with RedisServer() as server:
        orchestrator = Orchestrator(
            tmp_path_factory.mktemp("capabilities"), server, services=SERVICES
        )
        try:
            orchestrator.start_services()
            orchestrator.start_api()
            yield orchestrator
        finally:
            orchestrator.stop()


def ask(orchestrator: Orchestrator, path: str, **body: Any) -> requests.Response:
    headers = {"Accept-Language": "en", **body.pop("headers", {})}
    return requests.post(f"{orchestrator.address}{path}", headers=headers, timeout=10, **body)


def as_form(options: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() for name, value in options.items()}


@pytest.mark.parametrize("case", REFUSED)
def test_an_unsupported_request_is_refused_with_the_alternatives(
    orchestrator: Orchestrator, case: str
) -> None:
    options, code, pointer, available = REFUSED[case]
    url = orchestrator.video("any")
    for answer in (
        ask(orchestrator, "/pipeline", json={"youtube_url": url, **options}),
        ask(orchestrator, "/batches", json={"youtube_urls": [url], **options}),
        ask(orchestrator, "/pipeline", data=as_form(options), files={"file": ("a.wav", b"RIFF")}),
    ):
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, code)
        assert [fault["pointer"] for fault in problem["errors"]] == [pointer]
        assert problem.get("available") == available
        assert all(one in problem["detail"] for one in available or ())


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_has_a_portuguese_message(orchestrator: Orchestrator, case: str) -> None:
    options, _, _, available = REFUSED[case]
    body = {"youtube_url": orchestrator.video("any"), **options}
    answer = ask(orchestrator, "/pipeline", json=body, headers={"Accept-Language": "pt"})
    detail = answer.json()["detail"]
    assert re.search(r"\b(não|Não|tradução)\b", detail), detail
    assert all(one in detail for one in available or ())


@pytest.mark.parametrize("options", ACCEPTED)
def test_a_request_that_is_supported_or_may_need_no_service_is_accepted(
    orchestrator: Orchestrator, options: dict[str, Any]
) -> None:
    body = {"youtube_url": orchestrator.video("any"), **options}
    assert ask(orchestrator, "/pipeline", json=body).status_code == 202


def test_a_file_needs_the_services_even_with_preferred_captions(
    orchestrator: Orchestrator,
) -> None:
    form = {"language": "fr", "captions": "prefer"}
    answer = ask(orchestrator, "/pipeline", data=form, files={"file": ("a.wav", b"RIFF")})
    assert answer.json()["code"] == "unsupported_language"


@pytest.mark.parametrize(
    ("name", "value"), [("language", "fr"), ("language", "klingon"), ("diarize", "true")]
)
def test_a_file_is_refused_before_it_is_read(
    orchestrator: Orchestrator, name: str, value: str
) -> None:
    head = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    ).encode() + bytes(100_000)
    request = (
        f"POST /pipeline HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Length: 500000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    ).encode()
    port = int(orchestrator.address.rpartition(":")[2])
    with socket.create_connection((LOOPBACK, port), timeout=10) as client:
        client.sendall(request + head)
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 422 ")


def test_a_service_that_is_down_is_assumed_to_support_everything(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    for role in (Role.NORMALIZER, Role.TRANSCRIBER):
        orchestrator.services[role].stop()
    with_new_api = Orchestrator(tmp_path, orchestrator.redis_server, services=SERVICES)
    try:
        with_new_api.start_api()
        for options, *_ in REFUSED.values():
            body = {"youtube_url": with_new_api.video("any"), **options}
            assert ask(with_new_api, "/pipeline", json=body).status_code == 202
    finally:
        with_new_api.stop()
