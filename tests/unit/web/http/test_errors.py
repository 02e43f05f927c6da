"""Every error is a problem+json response without a stack trace."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NoReturn

import pytest
from flask import Flask, abort
from flask.typing import ResponseReturnValue
from flask_pydantic import validate
from werkzeug.test import TestResponse

from orchestrator.errors import (
    IllegalTransitionError,
    InvalidRequestError,
    JobNotFoundError,
    NotAllowedError,
    NotAuthenticatedError,
    OrchestratorError,
    QueueFullError,
    SettingsError,
    StoreError,
    StoreUnavailableError,
    UnsupportedSourceError,
)
from tests.support.jobs import make_settings
from web.http.body import JsonProvider, JsonRequest
from web.http.errors import register_errors
from web.http.headers import register_headers
from web.schemas.job_list import JobListQuery
from web.schemas.jobs import PipelineRequest


def client_of(view: Callable[..., ResponseReturnValue]) -> Any:
    """Return a test client of an app with one view, for GET and POST."""
    app = Flask("test", static_folder=None)
    app.config["FLASK_PYDANTIC_VALIDATION_ERROR_RAISE"] = True
    app.request_class = JsonRequest
    app.json = JsonProvider(app)
    register_headers(app, make_settings())
    register_errors(app)
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"], endpoint="view")
    return app.test_client()


def answer_to(error: Exception) -> TestResponse:
    def fail() -> NoReturn:
        raise error

    answer: TestResponse = client_of(fail).get("/", headers={"Accept-Language": "en"})
    return answer


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequestError("No"), 422, "invalid_request"),
        (UnsupportedSourceError("x.test is not accepted"), 422, "unsupported_url"),
        (JobNotFoundError("a1"), 404, "job_not_found"),
        (IllegalTransitionError("a1", "queued", "retried"), 409, "illegal_transition"),
        (NotAuthenticatedError("An API key is needed"), 401, "unauthenticated"),
        (NotAllowedError("admin"), 403, "forbidden"),
        (QueueFullError(3), 429, "queue_full"),
        (StoreUnavailableError("Redis is away"), 503, "store_unavailable"),
    ],
    ids=lambda part: type(part).__name__ if isinstance(part, Exception) else None,
)
def test_an_error_has_the_status_of_its_class_and_its_text(
    error: OrchestratorError, status: int, code: str
) -> None:
    answer = answer_to(error)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": str(error),
        "request_id": answer.headers["X-Request-ID"],
    }


def test_temporary_errors_have_retry_after() -> None:
    assert answer_to(StoreUnavailableError("Redis is away")).headers["Retry-After"] == "5"
    assert answer_to(QueueFullError(3)).headers["Retry-After"] == "30"
    assert "Retry-After" not in answer_to(JobNotFoundError("a1")).headers


def test_an_unauthenticated_response_names_the_scheme() -> None:
    answer = answer_to(NotAuthenticatedError("An API key is needed"))
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="ytcaption"'


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("secret detail"),
        StoreError("secret detail"),
        SettingsError("secret detail"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_unexpected_error_is_logged_and_not_shown(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answer_to(error)
    assert (answer.status_code, answer.get_json()["code"]) == (500, "internal")
    assert "secret" not in answer.get_data(as_text=True)
    assert "secret detail" in caplog.text


def test_an_unknown_path_is_a_problem_too() -> None:
    answer = client_of(lambda: "").get("/nowhere")
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")


def test_the_error_for_a_method_lists_the_allowed_ones() -> None:
    answer = client_of(lambda: "").delete("/")
    assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_a_body_that_is_too_large_is_a_problem_too() -> None:
    def refuse() -> ResponseReturnValue:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    assert client_of(refuse).get("/").get_json()["status"] == 413


def test_an_invalid_body_lists_every_fault() -> None:
    @validate()
    def submit(body: PipelineRequest) -> ResponseReturnValue:
        return body.model_dump()

    answer = client_of(submit).post("/", json={"language": "english", "colour": "red"})
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_request")
    pointers = [fault["pointer"] for fault in answer.get_json()["errors"]]
    assert sorted(pointers) == ["#/colour", "#/language", "#/youtube_url"]
    assert all(pointer in answer.get_json()["detail"] for pointer in pointers)


def test_an_invalid_query_lists_its_fault() -> None:
    @validate()
    def page(query: JobListQuery) -> ResponseReturnValue:
        return query.model_dump()

    answer = client_of(page).get("/?limit=0")
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["query:limit"]


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "invalid_json"),
        (b"", "application/json", 400, "invalid_json"),
        (b'{"youtube_url": "\xff"}', "application/json", 400, "invalid_json"),
        (b"[" * 100_000, "application/json", 400, "invalid_json"),
        (b'{"youtube_url": ' + b"1" * 5000 + b"}", "application/json", 400, "invalid_json"),
        (b"[]", "application/json", 422, "not_an_object"),
        (b"null", "application/json; charset=utf-8", 422, "not_an_object"),
        (b'"text"', "application/vnd.api+json", 422, "not_an_object"),
        (b"youtube_url=x", "text/plain", 415, "unsupported_media_type"),
        (b"{}", "", 415, "unsupported_media_type"),
    ],
    ids=[
        *("broken", "empty", "not_utf_8", "too_deep", "too_many_digits"),
        *("list", "null", "string", "other_type", "no_type"),
    ],
)
def test_a_body_that_is_not_a_json_object_is_a_client_error(
    data: bytes, content_type: str, status: int, code: str
) -> None:
    @validate()
    def submit(body: PipelineRequest) -> ResponseReturnValue:
        return body.model_dump()

    answer = client_of(submit).post("/", data=data, content_type=content_type)
    assert answer.content_type == "application/problem+json"
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_a_problem_without_faults_has_no_list_of_them() -> None:
    assert "errors" not in answer_to(JobNotFoundError("a1")).get_json()


def test_a_pointer_escapes_special_characters() -> None:
    @validate()
    def submit(body: PipelineRequest) -> ResponseReturnValue:
        return body.model_dump()

    answer = client_of(submit).post("/", json={"youtube_url": "x", "a/b~c é": 1})
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == ["#/a~1b~0c%20%C3%A9"]
