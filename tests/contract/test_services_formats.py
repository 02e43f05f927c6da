"""A transcript is downloaded in the requested format."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest
import requests

from tests.support.service_cases import SAMPLES, upload
from tests.support.services import ServiceProcesses

pytest_plugins = ["tests.support.service_fixtures"]

TYPES = {
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "txt": "text/plain",
    "json": "application/json",
}


@pytest.fixture
def transcriber(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["transcriber"]


@pytest.fixture
def done(transcriber: ServiceProcesses) -> dict[str, Any]:
    form = upload(SAMPLES / "jfk.wav") | {"headers": {"Idempotency-Key": "done"}}
    return transcriber.follow(transcriber.submit(**form)["id"])


def fetch(
    service: ServiceProcesses, job: dict[str, Any], form: str, **headers: str
) -> requests.Response:
    path = f"/jobs/{job['id']}/download"
    return service.call("GET", path, params={"format": form}, headers=headers)


@pytest.mark.parametrize("form", TYPES)
def test_each_form_has_its_name_type_and_checksum(
    transcriber: ServiceProcesses, done: dict[str, Any], form: str
) -> None:
    answer = fetch(transcriber, done, form)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(TYPES[form])
    assert f"transcription.{form}" in answer.headers["Content-Disposition"]
    digest = b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_all_formats_have_the_same_text(
    transcriber: ServiceProcesses, done: dict[str, Any]
) -> None:
    said = "your country can do for you"  # on one line in every form
    for form in TYPES:
        assert said in fetch(transcriber, done, form).text
    plain = transcriber.call("GET", f"/jobs/{done['id']}/download")
    assert fetch(transcriber, done, "srt").content == plain.content
    assert fetch(transcriber, done, "vtt").text.startswith("WEBVTT\n")
    document = transcriber.call("GET", f"/jobs/{done['id']}/transcription").json()
    assert fetch(transcriber, done, "json").json() == document


def test_a_part_of_a_form_is_answered(transcriber: ServiceProcesses, done: dict[str, Any]) -> None:
    whole = fetch(transcriber, done, "vtt")
    part = fetch(transcriber, done, "vtt", Range="bytes=6-20")
    assert (part.status_code, part.content) == (206, whole.content[6:21])
    known = {"If-None-Match": whole.headers["ETag"]}
    assert fetch(transcriber, done, "vtt", **known).status_code == 304


def test_an_unknown_form_is_refused_with_those_that_exist(
    transcriber: ServiceProcesses, done: dict[str, Any]
) -> None:
    answer = fetch(transcriber, done, "docx")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert "srt, vtt, txt, json" in answer.json()["detail"]
