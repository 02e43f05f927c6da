"""One trace of one job: from the client's request through every process to Whisper."""

import re
from pathlib import Path

import pytest
import requests

from tests.support.api import await_end
from tests.support.collector import CollectedSpan, Collector
from tools.background import BackgroundStack
from tools.ports import LOOPBACK
from tools.waiting import wait_until

_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_CLIENT = "00f067aa0ba902b7"
_SERVICES = ("video-downloader", "audio-normalization", "audio-transcriber")
_STAGES = ("download", "normalization", "transcription")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("traced")


@pytest.fixture(scope="module")
def spans(directory: Path, videos: str) -> list[CollectedSpan]:
    """Everything that a job of a client with a trace of its own has left behind."""
    environment = {"ALLOWED_SOURCES": LOOPBACK, "ALLOW_PRIVATE_ADDRESSES": "true"}
    with Collector() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with BackgroundStack(directory, environment | traced) as stack:
            _transcribe(stack, f"{videos}/jfk.wav?token=s3cr3t")
            wait_until(
                lambda: [span for span in collector.spans() if span.name == "run_job"][2:],
                timeout_s=20,
                what="the spans of all three services",
            )
        return collector.spans()


def _transcribe(stack: BackgroundStack, video: str) -> None:
    answer = requests.post(
        f"{stack.address}/pipeline",
        json={"youtube_url": video},
        headers={"traceparent": f"00-{_TRACE}-{_CLIENT}-01"},
        timeout=10,
    )
    job = await_end(stack.address, answer.json()["job_id"], timeout_s=120)
    assert job["status"] == "completed", job


def only(spans: list[CollectedSpan], service: str, name: str) -> CollectedSpan:
    (found,) = (span for span in spans if (span.service, span.name) == (service, name))
    return found


def test_everything_that_a_job_passes_is_in_the_client_s_trace(spans: list[CollectedSpan]) -> None:
    ours = [span for span in spans if span.trace_id == _TRACE]
    assert {span.service for span in ours} >= {
        *("ytcaption-api", "ytcaption-worker"),
        *_SERVICES,
        *(f"{service}-worker" for service in _SERVICES),
    }
    assert not [span for span in ours if span.has_failed]


def test_every_span_lies_below_the_one_that_caused_it(spans: list[CollectedSpan]) -> None:
    request = only(spans, "ytcaption-api", "POST /pipeline")
    assert request.parent_id == _CLIENT
    assert request.facts["http.response.status_code"] == "202"
    for stage, service in zip(_STAGES, _SERVICES, strict=True):
        submission = only(spans, "ytcaption-worker", f"submit to {service}")
        accepted = only(spans, service, "POST /jobs")
        job = only(spans, f"{service}-worker", "run_job")
        work = only(spans, f"{service}-worker", "work")
        (turn,) = (span for span in spans if span.span_id == submission.parent_id)
        assert (turn.name, turn.parent_id) == (f"turn of {stage}", request.span_id)
        assert accepted.parent_id == submission.span_id
        assert job.parent_id == accepted.span_id
        assert work.parent_id == job.span_id
    whisper = only(spans, "audio-transcriber-worker", "whisper")
    assert whisper.parent_id == only(spans, "audio-transcriber-worker", "work").span_id


def test_a_span_tells_its_job_and_no_address(spans: list[CollectedSpan]) -> None:
    (turn, *_) = (span for span in spans if span.name == "turn of transcription")
    assert turn.facts.keys() == {"job_id", "stage", "attempt"}
    told = [text for span in spans for text in (span.name, *span.facts.values())]
    assert not [text for text in told if "://" in text or "s3cr3t" in text]


@pytest.mark.usefixtures("spans")
def test_log_lines_name_the_trace(directory: Path) -> None:
    log = (directory / "stack.log").read_text(errors="replace")
    assert re.search(rf" \[job_id=.* trace={_TRACE}\]\n", log), "the orchestrator's"
    assert re.search(rf" \[job=\S+ trace={_TRACE}\]\n", log), "the services'"
