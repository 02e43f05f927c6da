"""Injection of planned faults into responses, before or after the call takes effect."""

from collections.abc import Callable
from http import HTTPStatus

import gevent

from tests.support.fake_service.faults import Fault
from tests.support.fake_service.http import ConnectionDroppedError, Response, problem
from tests.support.fake_service.settings import FakeSettings

_HALF_AN_OBJECT = b'{"id": '


def inject(fault: Fault | None, settings: FakeSettings, answer: Callable[[], Response]) -> Response:
    """Answer a call, misbehaving in at most one way.

    Args:
        fault: The fault, if any.
        settings: The duration of slow responses, and the ``Retry-After`` of unavailable services.
        answer: Handles the call; not called if the fault precedes it.

    Raises:
        ConnectionDroppedError: The fault is one that resets the connection.
    """
    if fault in {Fault.RESET, Fault.BROKEN_UPLOAD}:
        raise ConnectionDroppedError
    if fault is Fault.ERROR_500:
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "As planned")
    if fault is Fault.UNAVAILABLE:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return problem(status, "busy", retry_after_s=settings.retry_after_s)
    response = answer()
    if fault is Fault.SLOW:
        gevent.sleep(settings.slow_s)
    if fault is Fault.LOST_REPLY:
        raise ConnectionDroppedError
    return _alter_body(fault, response)


def _alter_body(fault: Fault | None, response: Response) -> Response:
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        return response
    if fault is Fault.GARBAGE:
        headers = {"Content-Type": "application/json"}
        return Response(response.status, [_HALF_AN_OBJECT], len(_HALF_AN_OBJECT), headers)
    if fault is Fault.TRUNCATED:
        return response.truncated()
    return response.corrupted() if fault is Fault.CORRUPTED else response
