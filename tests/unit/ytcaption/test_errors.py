"""Error responses become classes, and classes exit codes."""

import pickle

import pytest

from ytcaption import errors
from ytcaption.commands.exits import ExitCode, exit_code_of

_BODY = {
    "status": 422,
    "code": "invalid_request",
    "detail": "That is no language",
    "request_id": "r1",
    "errors": [{"pointer": "#/language", "detail": "no"}],
}


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, errors.InvalidRequestError, ExitCode.REFUSED),
        (401, errors.NotAuthenticatedError, ExitCode.REFUSED),
        (403, errors.NotAllowedError, ExitCode.REFUSED),
        (404, errors.NotFoundError, ExitCode.REFUSED),
        (409, errors.ConflictError, ExitCode.REFUSED),
        (410, errors.GoneError, ExitCode.REFUSED),
        (422, errors.InvalidRequestError, ExitCode.REFUSED),
        (429, errors.TooManyRequestsError, ExitCode.REFUSED),
        (500, errors.ServerError, ExitCode.UNREACHABLE),
        (503, errors.ServerError, ExitCode.UNREACHABLE),
    ],
)
def test_an_error_response_has_a_class_and_an_exit_code(
    status: int, kind: type[errors.ApiError], code: ExitCode
) -> None:
    error = errors.to_api_error(status, _BODY, "7")
    assert type(error) is kind
    assert exit_code_of(error) is code


def test_an_error_has_all_details_of_the_response() -> None:
    error = errors.to_api_error(422, _BODY, "7")
    assert (error.code, error.request_id) == ("invalid_request", "r1")
    assert error.problem.retry_after_s == 7
    assert error.problem.faults[0]["pointer"] == "#/language"
    assert str(error) == "That is no language (invalid_request, 422, request r1)"


def test_an_error_response_without_a_body_gets_a_message() -> None:
    error = errors.to_api_error(502, {}, "Wed, 21 Oct 2026 07:28:00 GMT")
    assert str(error) == "HTTP status 502 (http_502, 502)"
    assert error.problem.retry_after_s is None


@pytest.mark.parametrize(
    "error",
    [
        errors.to_api_error(404, _BODY, None),
        errors.UnreachableError("http://api.test", "Connection refused"),
        errors.UnexpectedAnswerError("http://api.test", "status 200"),
        errors.WaitTimeoutError("a1", 5.0),
        errors.UsageError("no"),
    ],
)
def test_errors_can_be_pickled(error: errors.YTCaptionError) -> None:
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes


def test_usage_errors_have_their_own_exit_code() -> None:
    assert exit_code_of(errors.UsageError("no such file")) is ExitCode.USAGE
    assert exit_code_of(errors.UnreachableError("u", "d")) is ExitCode.UNREACHABLE
    assert exit_code_of(errors.UnexpectedAnswerError("u", "d")) is ExitCode.UNREACHABLE
