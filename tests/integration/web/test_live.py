"""Long polling and event streams of a job."""

import json
import socket
import time
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import pytest
import requests

from orchestrator.store import keys
from tests.support.event_stream import StreamedEvent, open_stream, read_stream
from tests.support.fake_service import Failure, Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until


def ask(orchestrator: Orchestrator, job_id: str, **headers: str) -> requests.Response:
    return requests.get(
        f"{orchestrator.address}/jobs/{job_id}",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        timeout=30,
    )


def submit_held(orchestrator: Orchestrator, name: str, role: Role = Role.TRANSCRIBER) -> str:
    """Submit a job that is held in one stage until ``release``."""
    orchestrator.services[role].control(hold=True)
    job_id = orchestrator.submit(name)
    status = {"transcriber": "transcribing", "downloader": "downloading"}[role]
    orchestrator.await_status(job_id, status)
    stage = {"transcriber": "transcription", "downloader": "download"}[role]
    wait_until(
        lambda: orchestrator.get(f"/jobs/{job_id}")["stages"][stage]["progress"] == 95,
        timeout_s=20,
        what="the job to be held",
    )
    return job_id


def release(orchestrator: Orchestrator) -> None:
    for service in orchestrator.services.values():
        service.control(hold=False)


@pytest.fixture
def finished(orchestrator: Orchestrator) -> tuple[str, list[StreamedEvent]]:
    """A completed job and all its events."""
    job_id = orchestrator.submit("finished", force=True)
    orchestrator.await_status(job_id, "completed")
    return job_id, read_stream(orchestrator.address, job_id)


def facts(events: list[StreamedEvent], kind: str) -> list[dict[str, Any]]:
    return [event.facts for event in events if event.kind == kind]


def test_a_long_poll_returns_at_every_change(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("waited")
    seen = [ask(orchestrator, job_id).json()]
    while seen[-1]["status"] != "completed":
        answer = ask(orchestrator, job_id, Prefer="respond-async, wait=20")
        assert answer.headers["Preference-Applied"] == "wait=20"
        seen.append(answer.json())
    # Three stages with twenty progress steps each, and a few changes of status.
    assert 10 < len(seen) < 80, "one response per change"
    for earlier, later in pairwise(seen):
        assert earlier["updated_at"] != later["updated_at"] or later["status"] == "completed"
        assert earlier["overall_progress"] <= later["overall_progress"]


def test_a_long_poll_without_a_change_returns_304(
    orchestrator: Orchestrator,
) -> None:
    job_id = submit_held(orchestrator, "unchanged", Role.DOWNLOADER)
    seen: list[int] = []

    def returns_304() -> bool:
        # The end of a turn is a change too; turns last 3 s here.
        known = ask(orchestrator, job_id).headers["ETag"]
        began = time.monotonic()
        answer = ask(orchestrator, job_id, Prefer="wait=1", If_None_Match=known)
        seen.append(answer.status_code)
        return answer.status_code == 304 and time.monotonic() - began >= 0.9

    wait_until(returns_304, timeout_s=20, what=f"304 after a second, not {seen}")
    release(orchestrator)


def test_a_long_poll_with_an_outdated_etag_returns_at_once(orchestrator: Orchestrator) -> None:
    job_id = submit_held(orchestrator, "late", Role.DOWNLOADER)
    began = time.monotonic()
    answer = ask(orchestrator, job_id, Prefer="wait=20", If_None_Match='W/"an older one"')
    assert answer.status_code == 200
    assert time.monotonic() - began < 5
    release(orchestrator)


def test_a_long_poll_for_a_job_that_has_ended_returns_at_once(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    began = time.monotonic()
    answer = ask(orchestrator, finished[0], Prefer="wait=20")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    known = answer.headers["ETag"]
    assert ask(orchestrator, finished[0], If_None_Match=known).status_code == 304
    assert time.monotonic() - began < 5


def test_cancelling_a_job_ends_its_streams(orchestrator: Orchestrator) -> None:
    job_id = submit_held(orchestrator, "wait-cancelled", Role.DOWNLOADER)
    with open_stream(orchestrator.address, job_id) as events:
        next(events)
        orchestrator.post(f"/jobs/{job_id}/cancel")
        assert [event for event in events if event.kind][-1].facts["status"] == "cancelled"
    release(orchestrator)


def test_a_stream_contains_all_events_to_the_end(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    job_id, events = finished
    assert {event.kind for event in events} == {"stage", "segment", "end"}, (
        "progress events are dropped at the end"
    )
    assert events[-1].kind == "end"
    assert events[-1].facts["status"] == "completed"
    ids = [tuple(map(int, event.event_id.split("-"))) for event in events]
    assert ids == sorted(set(ids))
    assert all(event.facts["at"].endswith("Z") for event in events)

    segments = facts(events, "segment")
    assert [segment["index"] for segment in segments] == list(range(6))
    text = " ".join(segment["text"] for segment in segments)
    assert text == expected_text(orchestrator.video("finished"))

    stages = [(fact["type"], fact.get("stage")) for fact in facts(events, "stage")]
    history = orchestrator.get(f"/jobs/{job_id}/events")["events"]
    assert stages == [
        (entry["type"], entry.get("stage")) for entry in history if entry["type"] != "segment"
    ]
    shown = [entry["text"] for entry in history if entry["type"] == "segment"]
    assert shown == [segment["text"] for segment in segments]


def test_history_and_stream_do_not_reveal_host_names(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    job_id, events = finished
    history = orchestrator.get(f"/jobs/{job_id}/events")["events"]
    assert "started" in [entry["type"] for entry in history]
    (worker,) = orchestrator.get("/admin/workers")["workers"]
    named = {entry["worker"] for entry in history if entry["type"] == "started"}
    assert named == {worker["worker"].rpartition(":")[2]}, "the random suffix of its name"
    text = json.dumps([history, [event.facts for event in events]])
    assert socket.gethostname() not in text
    with orchestrator.redis() as client:
        kept = client.hget(keys.result(job_id), "history")
    assert socket.gethostname() in kept, "operators can read it in Redis"


def test_the_text_of_a_finished_job_is_stored_once(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    job_id, events = finished
    said = facts(events, "segment")[0]["text"]
    with orchestrator.redis() as client:
        kept = client.hgetall(keys.result(job_id))
        assert not client.exists(keys.segments(job_id), keys.events(job_id))
    assert said in kept["segments"]
    assert said not in kept["history"]
    kinds = {row[3] for row in json.loads(kept["history"])[1:] if len(row) > 3}
    assert kinds == {"segments", "end"}


def test_progress_does_not_decrease_on_another_attempt(orchestrator: Orchestrator) -> None:
    with orchestrator.redis() as client:  # otherwise the job of another test may fail instead
        wait_until(lambda: not client.zcard(keys.ACTIVE), timeout_s=30, what="other jobs to end")
    orchestrator.services[Role.TRANSCRIBER].control(
        fail_next=1, failure=Failure(code="internal", is_retryable=True)
    )
    job_id = orchestrator.submit("another-attempt")
    events = read_stream(orchestrator.address, job_id)
    assert "retrying" in [fact["type"] for fact in facts(events, "stage")]
    progress = [e.facts["overall_progress"] for e in events if "overall_progress" in e.facts]
    assert progress == sorted(progress)
    assert progress[-1] == 100
    attempts = [(one["attempt"], one["index"]) for one in facts(events, "segment")]
    assert [index for attempt, index in attempts if attempt == 2] == list(range(6))
    again = facts(read_stream(orchestrator.address, job_id), "segment")
    assert [(one["attempt"], one["index"]) for one in again] == [(2, n) for n in range(6)]


def test_a_job_with_a_shared_result_streams_its_segments_too(
    orchestrator: Orchestrator,
) -> None:
    first = orchestrator.submit("done-before")
    orchestrator.await_status(first, "completed")
    events = read_stream(orchestrator.address, orchestrator.submit("done-before"))
    assert [event.kind for event in events] == ["stage", *["segment"] * 6, "stage", "end"]
    assert events[-1].facts["overall_progress"] == 100


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_stream_resumes_after_the_last_event_id(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]], place: str
) -> None:
    job_id, events = finished
    for cut in (1, len(events) // 2, len(events) - 1):
        last = events[cut - 1].event_id
        how = {"after": last} if place == "header" else {"query": f"?last_event_id={last}"}
        assert read_stream(orchestrator.address, job_id, **how) == events[cut:]


def test_a_stream_resumes_between_segments_of_one_write(orchestrator: Orchestrator) -> None:
    orchestrator.services[Role.TRANSCRIBER].control(gives_partials=False)
    job_id = orchestrator.submit("at-once", force=True)
    orchestrator.await_status(job_id, "completed")
    events = read_stream(orchestrator.address, job_id)
    cuts = [place for place, event in enumerate(events, 1) if event.kind == "segment"]
    assert len(cuts) == 6
    for cut in cuts:
        last = events[cut - 1].event_id
        assert read_stream(orchestrator.address, job_id, after=last) == events[cut:]


def test_an_unfinished_job_keeps_its_segments(orchestrator: Orchestrator) -> None:
    job_id = submit_held(orchestrator, "kept-partials")
    orchestrator.post(f"/jobs/{job_id}/cancel")
    segments = facts(read_stream(orchestrator.address, job_id), "segment")
    assert [one["index"] for one in segments] == list(range(5))
    release(orchestrator)
    orchestrator.post(f"/jobs/{job_id}/retry")
    orchestrator.await_status(job_id, "completed")
    again = facts(read_stream(orchestrator.address, job_id), "segment")
    assert [one["index"] for one in again] == list(range(6))


def test_a_stream_after_the_last_event_is_empty(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    job_id, events = finished
    answer = requests.get(
        f"{orchestrator.address}/jobs/{job_id}/events",
        headers={"Accept": "text/event-stream", "Last-Event-ID": events[-1].event_id},
        timeout=10,
    )
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("path", "status"),
    [("no-such-job", 404), ("{job_id}", 422)],
)
def test_an_invalid_stream_request_is_a_problem(
    orchestrator: Orchestrator,
    finished: tuple[str, list[StreamedEvent]],
    path: str,
    status: int,
) -> None:
    answer = requests.get(
        f"{orchestrator.address}/jobs/{path.format(job_id=finished[0])}/events",
        headers={"Accept": "text/event-stream", "Last-Event-ID": "the last one"},
        timeout=10,
    )
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_redis_keys_of_a_job_are_not_jobs(
    orchestrator: Orchestrator, finished: tuple[str, list[StreamedEvent]]
) -> None:
    running = orchestrator.submit("whose-keys-are-no-jobs")  # already has a stream of events
    for job_id, part in product((finished[0], running), ("result", "events", "deliveries")):
        for path in ("", "/events", "/transcript", "/deliveries"):
            address = f"{orchestrator.address}/jobs/{job_id}:{part}{path}"
            assert requests.get(address, timeout=10).status_code == 404, (part, path)


def test_after_a_retry_the_stream_has_the_history_and_one_end(orchestrator: Orchestrator) -> None:
    job_id = submit_held(orchestrator, "stream-retried", Role.DOWNLOADER)
    orchestrator.post(f"/jobs/{job_id}/cancel")
    end = read_stream(orchestrator.address, job_id)[-1]
    assert end.facts["status"] == "cancelled"
    release(orchestrator)
    orchestrator.post(f"/jobs/{job_id}/retry")
    events = read_stream(orchestrator.address, job_id)
    assert end.event_id not in {event.event_id for event in events}
    following = read_stream(orchestrator.address, job_id, after=end.event_id)
    assert facts(following, "stage")[0]["type"] == "retried", (
        "the stream resumes after the end event"
    )
    types = [fact["type"] for fact in facts(events, "stage")]
    assert (types[0], types.count("cancelled"), types.count("retried")) == ("submitted", 1, 1)
    assert [fact["status"] for fact in facts(events, "end")] == ["completed"]
    assert events[-1].kind == "end"


def test_segments_appear_while_the_transcription_runs(orchestrator: Orchestrator) -> None:
    job_id = submit_held(orchestrator, "partial")
    history = orchestrator.get(f"/jobs/{job_id}/events")["events"]
    assert [one["index"] for one in history if one["type"] == "segment"] == list(range(5))
    with open_stream(orchestrator.address, job_id) as events:
        segments = list(islice_segments(events, 5))
        assert orchestrator.get(f"/jobs/{job_id}")["status"] == "transcribing"
        release(orchestrator)
        rest = [event for event in events if event.kind]
    assert [fact["index"] for fact in facts(rest, "segment")] == [5]
    assert " ".join([*segments, facts(rest, "segment")[0]["text"]]) == expected_text(
        orchestrator.video("partial")
    )


def islice_segments(events: Iterator[StreamedEvent], count: int) -> Iterator[str]:
    for event in events:
        if event.kind == "segment":
            count -= 1
            yield event.facts["text"]
        if not count:
            return


def test_a_service_without_partial_results_is_queried_once(orchestrator: Orchestrator) -> None:
    transcriber = orchestrator.services[Role.TRANSCRIBER]
    transcriber.control(gives_partials=False, stage_s=4)  # longer than a turn
    job_id = orchestrator.submit("no-partials")
    events = read_stream(orchestrator.address, job_id)
    assert len(facts(events, "progress")) >= 10
    assert [one["index"] for one in facts(events, "segment")] == list(range(6))
    remote_id = orchestrator.get(f"/jobs/{job_id}")["stages"]["transcription"]["job_id"]
    assert transcriber.ledger().of(remote_id).texts == 2, "once while running, once when completed"
