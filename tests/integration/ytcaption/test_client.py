"""The Python client: its requests, and its behaviour with unreliable servers."""

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.domain.access import make_key
from tests.support.api_process import VIDEO, Api, running_api
from tests.support.fake_service import Role
from tests.support.fake_service.artifacts import expected_text
from tests.support.jobs import make_job
from tests.support.orchestrator import Orchestrator
from tests.support.raw_server import Play, RawServer, answer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until
from web.schemas.jobs import JobDetail
from ytcaption import (
    Client,
    ConflictError,
    InvalidRequestError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    UnexpectedAnswerError,
    UnreachableError,
    WaitTimeoutError,
)

_JSON = {"Content-Type": "application/json"}
_ACCEPTED = {"job_id": "a1", "status": "queued", "youtube_url": VIDEO}


@pytest.fixture
def client(orchestrator: Orchestrator) -> Iterator[Client]:
    with Client(orchestrator.address) as client:
        yield client


def job_answer(status: str, **headers: str) -> Play:
    told = JobDetail.of(make_job(), None, None).model_dump(mode="json") | {"status": status}
    return answer(json.dumps(told).encode(), headers={**_JSON, **headers})


def stream_answer(*numbers: int, is_cut: bool = False) -> Play:
    """Respond with events; the last one is the end, unless the stream is cut."""
    last = numbers[-1] if not is_cut else None
    text = "".join(
        f"event: {'end' if one == last else 'stage'}\nid: {one}-0\ndata: {{}}\n\n"
        for one in numbers
    )
    headers = {"Content-Type": "text/event-stream"}
    return answer(text.encode(), length=len(text) + 100 * is_cut, headers=headers)


def hang_up(_: object) -> None:
    """Close the connection without a response."""


def test_a_job_is_waited_for_and_its_results_fetched(client: Client, tmp_path: Path) -> None:
    video = Orchestrator.video("client-wait")
    job_id = client.submit(video, metadata={"of": "client"}).job_id
    assert client.wait(job_id).transcription_text == expected_text(video)
    assert client.transcript(job_id) == expected_text(video) + "\n"
    assert client.transcript(job_id, "srt", max_lines=1).startswith("1\n00:00:00,000 --> ")
    client.save_audio(job_id, tmp_path / "audio")
    assert len((tmp_path / "audio").read_bytes()) == 100_000
    kinds = [event.kind for event in client.events(job_id)]
    assert kinds[-1] == "end"
    assert kinds.count("segment") == 6
    assert [job.job_id for job in client.jobs(metadata=("of", "client"))] == [job_id]
    client.delete(job_id)
    with pytest.raises(NotFoundError):
        client.get(job_id)


def test_a_job_that_does_not_end_in_time_continues(
    orchestrator: Orchestrator, client: Client
) -> None:
    orchestrator.services[Role.DOWNLOADER].control(hold=True)
    job_id = client.submit(orchestrator.video("client-late")).job_id
    with pytest.raises(WaitTimeoutError):
        client.wait(job_id, timeout_s=0.0)
    with pytest.raises(ConflictError) as caught:
        client.transcript(job_id)
    assert caught.value.code == "not_completed"
    assert client.cancel(job_id).status == "cancelled"
    assert client.cancel(job_id).status == "cancelled"


def test_the_same_key_makes_one_job(client: Client) -> None:
    video = Orchestrator.video("client-once")
    first = client.submit(video, idempotency_key="client-once")
    assert client.submit(video, idempotency_key="client-once").job_id == first.job_id
    assert client.submit(video).job_id != first.job_id


def test_a_batch_is_submitted_read_and_cancelled(
    orchestrator: Orchestrator, client: Client
) -> None:
    orchestrator.services[Role.DOWNLOADER].control(hold=True)
    videos = [orchestrator.video(f"client-batch-{number}") for number in range(3)]
    batch_id = client.submit_batch(videos, captions="prefer").batch_id
    wait_until(
        lambda: all(item.status for item in client.get_batch(batch_id).items),
        timeout_s=20,
        what="the jobs of the batch",
    )
    batch = client.cancel_batch(batch_id)
    assert [item.youtube_url for item in batch.items] == videos
    assert batch.counts["cancelled"] == 3


def test_all_pages_of_the_list_are_read(client: Client) -> None:
    videos = [Orchestrator.video(f"client-page-{number}") for number in range(60)]
    client.submit_batch(videos, metadata={"pages": "two"}, priority="low")
    wait_until(
        lambda: client.page(metadata=("pages", "two"), limit=1).total == len(videos),
        timeout_s=20,
        what="the jobs of the batch",
    )
    listed = [job.youtube_url for job in client.jobs(metadata=("pages", "two"))]
    assert sorted(listed) == sorted(videos)


def test_an_invalid_request_names_the_fields(client: Client) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        client.submit(VIDEO, language="klingon")
    assert caught.value.problem.faults[0]["pointer"] == "#/language"
    assert caught.value.request_id


def test_an_interrupted_stream_resumes_after_the_last_event() -> None:
    plays = [stream_answer(1, 2, is_cut=True), hang_up, stream_answer(3, 4)]
    with RawServer(*plays) as server, Client(server.url) as client:
        assert [event.event_id for event in client.events("a1")] == ["1-0", "2-0", "3-0", "4-0"]
    assert [one.get("last-event-id") for one in server.headers] == [None, "2-0", "2-0"]


def test_a_server_that_ignores_prefer_wait_is_polled() -> None:
    plays = [
        job_answer("downloading", ETag='"1"'),
        job_answer("transcribing", ETag='"2"'),
        job_answer("completed", ETag='"3"'),
    ]
    with RawServer(*plays) as server, Client(server.url) as client:
        seen = [job.status for job in client.watch("a1")]
    assert seen == ["downloading", "transcribing", "completed"]
    assert [one.get("if-none-match") for one in server.headers] == [None, '"1"', '"2"']


def test_a_job_is_followed_despite_transient_errors() -> None:
    away = answer(b"<html>", status="502 Bad Gateway", headers={"Content-Type": "text/html"})
    plays = [job_answer("queued", ETag='"1"'), hang_up, hang_up, away, job_answer("completed")]
    with RawServer(*plays) as server, Client(server.url) as client:
        assert [job.status for job in client.watch("a1")] == ["queued", "completed"]


def test_an_api_that_stays_down_is_an_error_after_the_time_limit() -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    with Client(url, patience_s=0.2) as client, pytest.raises(UnreachableError, match="refused"):
        client.wait("a1")


def test_an_idempotent_request_is_repeated_if_its_response_is_lost() -> None:
    accepted = answer(json.dumps(_ACCEPTED).encode(), status="202 Accepted", headers=_JSON)
    with RawServer(hang_up, accepted) as server, Client(server.url) as client:
        assert client.submit(VIDEO).job_id == "a1"
        first, second = (one["idempotency-key"] for one in server.headers)
    assert first == second
    with RawServer(hang_up) as server, Client(server.url) as client:
        with pytest.raises(UnreachableError):
            client.retry("a1")
        assert len(server.lines) == 1, "a second retry would be refused"


@pytest.mark.parametrize("is_right", [True, False])
def test_audio_is_verified_before_the_file_is_written(tmp_path: Path, *, is_right: bool) -> None:
    sound = b"RIFF" * 50_000
    digest = b64encode(hashlib.sha256(sound if is_right else b"other").digest()).decode()
    told = answer(sound, headers={"Repr-Digest": f"sha-256=:{digest}:"})
    with RawServer(told) as server, Client(server.url) as client:
        if is_right:
            client.save_audio("a1", tmp_path / "audio")
        else:
            with pytest.raises(UnexpectedAnswerError, match="checksum"):
                client.save_audio("a1", tmp_path / "audio")
    assert [one.name for one in tmp_path.iterdir()] == ["audio"] * is_right


def test_passwords_of_other_programs_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {LOOPBACK} login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(job_answer("completed")) as server:
        for api_key in (None, "ytc_key"):
            with Client(server.url, api_key) as client:
                client.get("a1")
    assert [one.get("authorization") for one in server.headers] == [None, "Bearer ytc_key"]


@dataclass(frozen=True)
class Guarded:
    """An API with keys, without workers."""

    api: Api
    key: str
    reader: str


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    key, line = make_key("ann", ["submit", "read"])
    reader, reader_line = make_key("bob", ["read"])
    directory = tmp_path_factory.mktemp("guarded")
    with running_api(directory, API_KEYS=f"{line},{reader_line}") as api:
        yield Guarded(api, key, reader)


def test_a_key_permits_its_scopes_only(guarded: Guarded) -> None:
    url = guarded.api.orchestrator.address
    with Client(url, "ytc_wrong") as client, pytest.raises(NotAuthenticatedError):
        client.page()
    with Client(url, guarded.reader) as client:
        assert client.page().total == 0
        with pytest.raises(NotAllowedError):
            client.submit(VIDEO)
        with pytest.raises(NotAllowedError):
            client.stats()
        assert client.health().version


def test_a_large_file_with_a_wrong_key_is_refused_before_it_is_sent(
    guarded: Guarded, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    path.touch()
    os.truncate(path, 2 * 1024**3)  # sparse: uses no disk space
    sent: list[int] = []
    with (
        Client(guarded.api.orchestrator.address, "ytc_wrong") as client,
        pytest.raises(NotAuthenticatedError),
    ):
        client.upload(path, on_sent=lambda count, _: sent.append(count))
    assert max(sent, default=0) < 64 * 1024**2


def test_a_job_is_followed_across_a_restart_of_the_api(guarded: Guarded) -> None:
    orchestrator = guarded.api.orchestrator
    with Client(orchestrator.address, guarded.key) as client:
        job_id = client.submit(VIDEO).job_id
        seen = client.watch(job_id)
        assert next(seen).status == "queued"
        assert orchestrator.api is not None
        orchestrator.api.kill()
        orchestrator.start_api()
        client.cancel(job_id)
        assert next(seen).status == "cancelled"
