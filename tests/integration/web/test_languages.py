"""Problems are in Portuguese unless English is preferred, and point to the wrong field."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from orchestrator.domain.access import make_key
from tests.support.api_process import VIDEO, Api, running_api


def words_of(text: str) -> set[str]:
    """Return the words of a text without names of fields, headers and settings, and quotations."""
    return set(re.findall(r"[a-zà-ü]+", _NAMES.sub(" ", text).lower()))


_NAMES = re.compile(r"`[^`]*`|#/\S+|\S+:\S*|\w+[_-][\w-]+")
_ENGLISH = words_of(
    "the is are not must of with has have had be been and that this one at to from which should "
    "than least most or field body address request too many again try was were used an in it by "
    "valid input string value required greater less characters character length key keys file "
    "known unknown wrong be only more these there here does exist ended yet page before"
)
_PORTUGUESE = words_of("não é deve campo está requisição este esta tente já uma são ou com")
_LONG = "x" * 3000
_SOUND = ("a.wav", b"RIFF")
ANN, ANN_KEY = make_key("ann", ["read"])


def body(**fields: Any) -> dict[str, Any]:
    return {"json": {"youtube_url": VIDEO, **fields}}


def form(*files: tuple[str, bytes], **fields: Any) -> dict[str, Any]:
    return {"files": [("file", file) for file in files], "data": fields}


Request = tuple[str, str, dict[str, Any]]
PIPELINE: dict[str, tuple[dict[str, Any], str | None]] = {
    "nothing": ({"json": {}}, "#/youtube_url"),
    "a field too many": (body(colour="red"), "#/colour"),
    "an address that is a number": (body(youtube_url=1), "#/youtube_url"),
    "an empty address": (body(youtube_url=""), "#/youtube_url"),
    "an endless address": (body(youtube_url=_LONG), "#/youtube_url"),
    "a foreign source": (body(youtube_url="http://elsewhere.test/"), "#/youtube_url"),
    "a channel": (body(youtube_url="https://youtube.com/@somebody"), "#/youtube_url"),
    "a private address": (body(youtube_url="http://127.0.0.1/"), "#/youtube_url"),
    "a language of fantasy": (body(language="klingon"), "#/language"),
    "a track of fantasy": (body(audio_track="klingon"), "#/audio_track"),
    "a track before the first": (body(audio_track=0), "#/audio_track"),
    "channels of fantasy": (body(channels="left"), "#/channels"),
    "a switch in words": (body(remove_noise="yes"), "#/remove_noise"),
    "a vocabulary that is none": (body(vocabulary="x"), "#/vocabulary"),
    "an empty term": (body(vocabulary=["x", ""]), "#/vocabulary/1"),
    "too many terms": (body(vocabulary=["x"] * 101), "#/vocabulary"),
    "notes that are none": (body(metadata="x"), "#/metadata"),
    "a note's key with a colon": (body(metadata={"a:b": "c"}), "#/metadata/a:b"),
    "a note that is a number": (body(metadata={"a": 1}), "#/metadata/a"),
    "too many notes": (body(metadata={str(n): "" for n in range(17)}), "#/metadata"),
    "a priority of fantasy": (body(priority="urgent"), "#/priority"),
    "a callback by post": (body(callback_url="mailto:me@client.test"), "#/callback_url"),
    "a callback with a space": (body(callback_url="http://client.test/a b"), "#/callback_url"),
    "a callback with a tab": (body(callback_url="http://client.test/\tx"), "#/callback_url"),
    "a callback over two lines": (body(callback_url="http://client.te\r\nst/"), "#/callback_url"),
    "a callback with a null": (body(callback_url="http://client.test/\0"), "#/callback_url"),
    "a callback with a wide space": (body(callback_url="http://a.te\u3000st/"), "#/callback_url"),
    "a callback with backslashes": (body(callback_url="http:\\\\client.test/"), "#/callback_url"),
    "a backslash in its path": (body(callback_url="http://client.test/\\x"), "#/callback_url"),
    "a private callback": (body(callback_url="http://10.0.0.1/"), "#/callback_url"),
    "no JSON": ({"data": b"{", "headers": {"Content-Type": "application/json"}}, None),
    "a list": ({"json": []}, None),
    "plain text": ({"data": b"x", "headers": {"Content-Type": "text/plain"}}, None),
    "a body without end": (body(x="x" * 2_000_000), None),
    "an empty key": ({**body(), "headers": {"Idempotency-Key": ""}}, "header:Idempotency-Key"),
    "a long key": ({**body(), "headers": {"Idempotency-Key": _LONG}}, "header:Idempotency-Key"),
    "a form without a file": ({"files": [("sound", _SOUND)]}, "#/file"),
    "a form with two": (form(_SOUND, _SOUND), "#/file"),
    "an empty file": (form(("a.wav", b"")), "#/file"),
    "a file that is too long": (form(("a.wav", bytes(1_500_000))), "#/file"),
    "a field that comes twice": (form(_SOUND, language=["pt", "en"]), "#/language"),
    "notes in a form that are no JSON": (form(_SOUND, metadata="{"), "#/metadata"),
    "a wrong field in a form": (form(_SOUND, remove_noise="perhaps"), "#/remove_noise"),
}
OTHERS: dict[str, tuple[Request, str | None]] = {
    "no jobs": (("GET", "/jobs?limit=0", {}), "query:limit"),
    "too many jobs": (("GET", "/jobs?limit=201", {}), "query:limit"),
    "a limit in words": (("GET", "/jobs?limit=ten", {}), "query:limit"),
    "a limit beyond numbers": (("GET", f"/jobs?limit={'9' * 3000}", {}), "query:limit"),
    "a status of fantasy": (("GET", "/jobs?status=lost", {}), "query:status"),
    "a cursor of fantasy": (("GET", "/jobs?cursor=x", {}), "query:cursor"),
    "a filter without a colon": (("GET", "/jobs?metadata=x", {}), "query:metadata"),
    "an age below zero": (
        ("POST", "/admin/cleanup?max_age_hours=-1", {}),
        "query:max_age_hours",
    ),
    "an age without end": (
        ("POST", "/admin/cleanup?max_age_hours=inf", {}),
        "query:max_age_hours",
    ),
    "a reset by accident": (("POST", "/admin/factory-reset", {}), "#/confirm"),
    "an empty batch": (("POST", "/batches", {"json": {"youtube_urls": []}}), "#/youtube_urls"),
    "a batch with a foreign source": (
        ("POST", "/batches", {"json": {"youtube_urls": [VIDEO, "http://elsewhere.test/"]}}),
        "#/youtube_urls/1",
    ),
    "an event of fantasy": (
        ("GET", "/jobs/{job}/events", {"headers": {"Last-Event-ID": "x"}}),
        "header:Last-Event-ID",
    ),
    "an event of fantasy in the address": (
        ("GET", "/jobs/{job}/events?last_event_id=x", {}),
        "query:last_event_id",
    ),
    "lines without end": (("GET", "/jobs/{job}/transcript?max_lines=99", {}), "query:max_lines"),
    "a format of fantasy": (("GET", "/jobs/{job}/transcript?format=pdf", {}), "query:format"),
    "a format that nobody has": (
        ("GET", "/jobs/{job}/transcript", {"headers": {"Accept": "image/png"}}),
        None,
    ),
    "a transcript before its time": (("GET", "/jobs/{job}/transcript", {}), None),
    "audio before its time": (("GET", "/jobs/{job}/audio", {}), None),
    "to delete what runs": (("DELETE", "/jobs/{job}", {}), None),
    "to retry what runs": (("POST", "/jobs/{job}/retry", {}), None),
    "no job": (("GET", "/jobs/none", {}), None),
    "no batch": (("GET", "/batches/none", {}), None),
    "no delivery": (("POST", "/jobs/{job}/deliveries/none/resend", {}), None),
    "no page": (("GET", "/nowhere", {}), None),
    "no such method": (("PUT", "/jobs", {}), None),
}
CASES: dict[str, tuple[Request, str | None]] = {
    **{name: (("POST", "/pipeline", sent), at) for name, (sent, at) in PIPELINE.items()},
    **OTHERS,
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(
        tmp_path_factory.mktemp("languages"),
        MAX_FILE_SIZE_MB=1,
        FACTORY_RESET_CONFIRM="true",
        WEBHOOK_SECRET="whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    ) as api:
        yield api


@pytest.fixture(scope="module")
def job_id(strict: Api) -> str:
    return strict.submit()


def read_problem(language: str, answer: requests.Response) -> dict[str, Any]:
    """Check that all texts of a problem are in one language, and return it."""
    problem: dict[str, Any] = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Content-Language"] == language
    texts = [problem["detail"], *(fault["detail"] for fault in problem.get("errors", ()))]
    foreign = _ENGLISH if language == "pt" else _PORTUGUESE
    for text in [*texts, problem["title"]] if language == "pt" else texts:
        assert not words_of(text) & foreign, f"{text!r} is not all {language}"
    return problem


def in_both(ask: Callable[[str], requests.Response]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a problem in Portuguese, which is the default, and in English."""
    portuguese, english = (
        read_problem("pt", ask("fr, *;q=0.1")),
        read_problem("en", ask("en-GB, pt;q=0.5")),
    )
    assert portuguese["code"] == english["code"]
    assert portuguese["detail"] != english["detail"]
    return portuguese, english


@pytest.mark.parametrize("case", CASES)
def test_a_problem_is_in_the_preferred_language_and_has_a_pointer(
    strict: Api, job_id: str, case: str
) -> None:
    (method, path, sent), pointer = CASES[case]

    def ask(language: str) -> requests.Response:
        headers = {"Accept": "*/*", **sent.get("headers", {}), "Accept-Language": language}
        if "/events" in path:
            headers["Accept"] = "text/event-stream"
        rest = {name: value for name, value in sent.items() if name != "headers"}
        return strict.call(method, path.format(job=job_id), headers=headers, **rest)

    for problem in in_both(ask):
        found = [fault["pointer"] for fault in problem.get("errors", ())]
        assert found == ([pointer] if pointer else [])


def test_a_reused_idempotency_key_has_a_pointer(strict: Api) -> None:
    def ask(accepted: str, **fields: Any) -> requests.Response:
        headers = {"Idempotency-Key": "mine", "Accept-Language": accepted}
        return strict.call("POST", "/pipeline", headers=headers, **body(**fields))

    assert ask("pt").status_code == 202
    for problem in in_both(lambda accepted: ask(accepted, language="de")):
        assert problem["code"] == "idempotency_key_reused"
        assert [fault["pointer"] for fault in problem["errors"]] == ["header:Idempotency-Key"]


def test_refusals_without_a_field_are_in_both_languages(tmp_path: Path) -> None:
    with running_api(
        tmp_path, RATE_LIMIT_READ="1 per hour", MAX_QUEUED_JOBS=1, REDIS_TIMEOUT_SECONDS=0.5
    ) as api:

        def ask(language: str) -> requests.Response:
            sent = body(callback_url="http://client.test/")
            return api.call("POST", "/pipeline", headers={"Accept-Language": language}, **sent)

        for problem in in_both(ask):
            assert [fault["pointer"] for fault in problem["errors"]] == ["#/callback_url"]
        api.submit()
        full, _ = in_both(
            lambda language: api.call(
                "POST", "/pipeline", headers={"Accept-Language": language}, **body()
            )
        )
        assert full["code"] == "queue_full"
        api.call("GET", "/jobs")
        limited, _ = in_both(
            lambda language: api.call("GET", "/jobs", headers={"Accept-Language": language})
        )
        assert limited["code"] == "rate_limited"
        server = api.orchestrator.redis_server
        server.pause()
        try:
            away, _ = in_both(
                lambda language: api.call("GET", "/jobs", headers={"Accept-Language": language})
            )
        finally:
            server.resume()
        assert away["code"] == "store_unavailable"


def test_authentication_errors_are_in_both_languages(tmp_path: Path) -> None:
    with running_api(tmp_path, API_KEYS=str(ANN_KEY), RATE_LIMIT_WRONG_KEYS="4 per hour") as api:
        for key, method, code in (
            (None, "GET", "unauthenticated"),
            ("wrong", "GET", "unauthenticated"),
            (ANN, "POST", "forbidden"),
            ("wrong", "GET", "unauthenticated"),
            (ANN, "GET", "locked_out"),
        ):
            path = "/jobs" if method == "GET" else "/pipeline"
            problem, _ = in_both(
                lambda language, key=key, method=method, path=path: api.call(  # type: ignore[misc]
                    method, path, key=key, headers={"Accept-Language": language}
                )
            )
            assert problem["code"] == code
