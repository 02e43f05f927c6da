"""What a service's session sends is what requests itself would make of a call."""

from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter

from orchestrator.microservice import ServiceSession
from orchestrator.stopping import StopSignal
from tests.support.jobs import make_settings


class Recorder(BaseAdapter):
    """Keeps the requests that it is given, and answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.sent.append(request)
        return requests.Response()

    def close(self) -> None:
        """There is nothing to close."""


def sent_by_session(request: requests.Request) -> requests.PreparedRequest:
    session, recorder = ServiceSession(make_settings(), StopSignal()), Recorder()
    session.mount("http://", recorder)
    session.mount("https://", recorder)
    session.open(request, timeout=(1.0, 1.0))
    return recorder.sent[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://fake.test/jobs/downloader-1/download",
        "https://fake.test:8443/jobs/a.b_c~d",
        "http://127.0.0.1:5001/health",
        "http://fake.test",
        "http://fake.test/",
        "http://fake.test//jobs",
        "http://Fake.Test/jobs",
        "http://[::1]:5001/jobs",
        "http://café.test/jobs",
        "http://fake.test:0080/jobs",
        "http://fake.test/jobs/a b",
        "http://fake.test/jobs/olá",
        "http://fake.test/jobs/%7e%2f%c3%a1",
        "http://fake.test/jobs/../admin",
        "http://fake.test/jobs/./1",
        "http://fake.test/jobs?limit=1#top",
    ],
)
def test_a_url_is_sent_as_requests_normalizes_it(url: str) -> None:
    assert sent_by_session(requests.Request("GET", url)).url == (
        requests.Request("GET", url).prepare().url
    )


@pytest.mark.parametrize("url", ["http://fake.test:99999/jobs", "http://.fake.test/jobs"])
def test_a_url_that_requests_refuses_is_refused(url: str) -> None:
    with pytest.raises(requests.exceptions.InvalidURL):
        sent_by_session(requests.Request("GET", url))


def test_a_call_carries_its_body_and_headers_and_no_cookies() -> None:
    headers = {"Content-Type": "application/json"}
    sent = sent_by_session(requests.Request("POST", "http://fake.test/jobs", headers, data=b"{}"))
    assert (sent.method, sent.body) == ("POST", b"{}")
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Content-Length"] == "2"
    assert "Cookie" not in sent.headers
