"""The WSGI application: routes requests and injects planned faults."""

import errno
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from tests.support.fake_service import job_answers, service_answers
from tests.support.fake_service.fault_injection import inject
from tests.support.fake_service.http import (
    ConnectionDroppedError,
    Request,
    Response,
    json_response,
    problem,
)
from tests.support.fake_service.service import FakeMicroservice
from tests.support.fake_service.settings import Down

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class FakeApplication:
    """Handles the requests of one fake service."""

    def __init__(self, service: FakeMicroservice) -> None:
        self._service = service

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or reset its connection."""
        request = Request(environ)
        try:
            response = self._dispatch(request)
        except ConnectionDroppedError:
            request.drop_connection()
            raise
        except OSError as error:
            # The client went away in the middle: nothing to answer, nothing to log.
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from error
        start_response(response.status_line(), response.wsgi_headers())
        return response.body

    def _dispatch(self, request: Request) -> Response:
        match request.segments:
            case ["control"]:
                return self._control(request)
            case ["ledger"]:
                return self._show_ledger()
            case ["jobs", remote_id, *tail] if self._is_up():
                return self._answer_about_a_job(request, remote_id, tail)
            case segments if self._is_up():
                answer = service_answers.ROUTES.get(f"{request.method} {'/'.join(segments)}")
                return answer(self._service, request) if answer else _not_found()
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "down", "This service is down")

    def _is_up(self) -> bool:
        if self._service.settings.down is Down.RESETTING:
            raise ConnectionDroppedError
        return self._service.settings.down is Down.NO

    def _answer_about_a_job(self, request: Request, remote_id: str, tail: list[str]) -> Response:
        route = job_answers.ROUTES.get(" ".join([request.method, *tail]))
        record = self._service.record_of(remote_id)
        if route is None or record is None:
            return _not_found()
        setattr(record, route.counter, getattr(record, route.counter) + 1)

        def answer() -> Response:
            job = self._service.find(remote_id)
            return route.answer(self._service, request, job) if job else _not_found()

        fault = self._service.draw_fault(route.call, record.subject)
        return inject(fault, self._service.settings, answer)

    def _control(self, request: Request) -> Response:
        try:
            self._service.change(request.json())
        except ValueError as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_settings", str(error))
        return json_response(self._service.settings.model_dump(mode="json"))

    def _show_ledger(self) -> Response:
        body = self._service.ledger.model_dump_json().encode()
        return Response(HTTPStatus.OK, [body], len(body), {"Content-Type": "application/json"})


def _not_found() -> Response:
    return problem(HTTPStatus.NOT_FOUND, "not_found")
