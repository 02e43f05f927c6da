"""Handlers of calls about the service, and of submissions."""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from tests.support.fake_service.fault_injection import inject
from tests.support.fake_service.faults import Call, Fault
from tests.support.fake_service.http import (
    ConnectionDroppedError,
    Request,
    Response,
    json_response,
    problem,
)
from tests.support.fake_service.service import FakeMicroservice, KeyReusedError, QueueFullError
from tests.support.fake_service.settings import Role
from tests.support.fake_service.upload import Received, receive

_NAMES = {
    Role.DOWNLOADER: "video-downloader",
    Role.NORMALIZER: "audio-normalization",
    Role.TRANSCRIBER: "audio-transcriber",
}
_LISTED = 50


def _submit(service: FakeMicroservice, request: Request) -> Response:
    fault: Fault | None = None

    def draw(subject: str) -> None:
        nonlocal fault
        fault = service.draw_fault(Call.SUBMIT, subject)
        if fault is Fault.BROKEN_UPLOAD:
            raise ConnectionDroppedError

    try:
        received = receive(request, draw)
    except ValueError as error:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_submission", str(error))
    if service.settings.refuses_captions and "captions" in received.fields:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_submission", "captions: unknown")
    key = request.header("Idempotency-Key")
    if key and (trace := request.header("traceparent")):
        service.ledger.traces[key] = trace
    return inject(fault, service.settings, lambda: _accept(service, received, key))


def _submit_playlist(service: FakeMicroservice, request: Request) -> Response:
    if service.settings.playlist is None:
        return problem(HTTPStatus.NOT_FOUND, "not_found")
    return _submit(service, request)


def _accept(service: FakeMicroservice, received: Received, key: str | None) -> Response:
    try:
        job = service.accept(received, key)
    except QueueFullError:
        status = HTTPStatus.TOO_MANY_REQUESTS
        return problem(status, "queue_full", retry_after_s=service.settings.retry_after_s)
    except KeyReusedError:
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused")
    now, settings = time.monotonic(), service.settings
    is_tagged = settings.honours_wait and settings.tags_submissions
    headers = {"ETag": job.etag(now)} if is_tagged else {}
    return json_response(job.as_json(now), HTTPStatus.ACCEPTED, headers=headers)


def _list(service: FakeMicroservice, _: Request) -> Response:
    now = time.monotonic()
    recent = list(service.jobs.values())[-_LISTED:]
    return json_response({"jobs": [job.as_json(now) for job in recent], "total": len(recent)})


def _health(service: FakeMicroservice, _: Request) -> Response:
    name = _NAMES[service.settings.role]
    return json_response({"status": "healthy", "service": name, "version": "fake"})


def _stats(service: FakeMicroservice, _: Request) -> Response:
    return json_response({"total_jobs": len(service.jobs)})


def _languages(service: FakeMicroservice, _: Request) -> Response:
    settings = service.settings
    if settings.role is not Role.TRANSCRIBER:
        return problem(HTTPStatus.NOT_FOUND, "not_found")
    if settings.languages is None:  # as the base contract leaves it
        return json_response({"languages": "all", "translations": None, "models": []})
    return json_response(
        {
            "languages": [{"code": code, "name": code} for code in settings.languages],
            "translations": [{"from": one, "to": other} for one, other in settings.translations],
            "models": ["base"],
            "diarize": "diarize" in settings.installed,
        }
    )


def _capabilities(service: FakeMicroservice, _: Request) -> Response:
    settings = service.settings
    if settings.role is not Role.NORMALIZER or settings.languages is None:
        return problem(HTTPStatus.NOT_FOUND, "not_found")
    return json_response({"isolate_vocals": "isolate_vocals" in settings.installed})


def _clean_up(service: FakeMicroservice, request: Request) -> Response:
    removed = service.clean_up(deep=bool(request.json().get("deep")))
    return json_response({"files_removed": removed, "tasks_purged": 0})


ROUTES: Mapping[str, Callable[[FakeMicroservice, Request], Response]] = {
    "POST jobs": _submit,
    "POST playlists": _submit_playlist,
    "GET jobs": _list,
    "GET health": _health,
    "GET health/live": _health,
    "GET health/ready": _health,
    "GET languages": _languages,
    "GET capabilities": _capabilities,
    "GET admin/stats": _stats,
    "POST admin/cleanup": _clean_up,
}
