"""A newer release reads the data of an older one; an older one refuses newer data."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from orchestrator.errors import SchemaVersionError, StoreUnavailableError
from orchestrator.store import keys
from orchestrator.store.connection import check_schema, connect
from tests.support.fake_service import Artifact, FakeService, Role, downloaded, normalized
from tests.support.fake_service import expected_text as text_of
from tests.support.jobs import make_settings
from tests.support.orchestrator import Orchestrator
from tests.support.receiver import WEBHOOK_SECRET, Receiver
from tests.support.record_data import UPLOADED
from tests.support.recording import Recording
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until

_RECORDINGS = sorted((Path(__file__).parents[3] / "support" / "data").glob("*.json"))
_SCHEMA = f"{keys.PREFIX}schema"
_ENDED = {"completed": "completed", "failed": "failed", "cancelled": "cancelled"}
_UNDER_WAY = ("downloading", "normalizing", "transcribing", "queued low", "queued normal")


class Upgraded:
    """Recorded data under the current release, with services that have its remote jobs."""

    def __init__(
        self, recording: Recording, orchestrator: Orchestrator, receiver: Receiver
    ) -> None:
        self.recording = recording
        self.orchestrator = orchestrator
        self.receiver = receiver

    def start(self) -> None:
        one, recording = self.orchestrator, self.recording
        one.start_services()
        replaced = {old: one.services[Role(role)].url.partition("//")[2]
                    for role, old in recording.services.items()}  # fmt: skip
        replaced["127.0.0.1:9"] = self.receiver.url.partition("//")[2]
        for role, stage in (
            (Role.DOWNLOADER, "download"),
            (Role.NORMALIZER, "normalization"),
            (Role.TRANSCRIBER, "transcription"),
        ):
            for name in _UNDER_WAY:
                job = recording.values[f"{keys.PREFIX}job:{recording.jobs[name]}"][1]
                if remote_id := job.get(f"{stage}.job_id"):
                    replaced[remote_id] = _submit_again(one.services[role], job["youtube_url"])
        uploads = Path(one.environment["UPLOADS_DIR"])
        uploads.mkdir(parents=True)
        for job_id, text in recording.uploads.items():
            (uploads / job_id).write_text(text)
        with one.redis() as client:
            recording.restore(client, replaced)
        one.start_api()
        one.start_worker()
        one.start_beat()

    def job(self, name: str, *statuses: str) -> dict[str, Any]:
        return self.orchestrator.await_status(self.recording.jobs[name], *statuses)


def _submit_again(service: FakeService, url: str) -> str:
    """Submit a recorded remote job to a service again, and return its new id."""
    made: Mapping[Role, Artifact | None] = {
        Role.DOWNLOADER: None,
        Role.NORMALIZER: downloaded(url),
        Role.TRANSCRIBER: normalized(downloaded(url).sha256()),
    }
    audio = made[service.settings.role]
    body: dict[str, Any] = (
        {"json": {"url": url}}
        if audio is None
        else {"files": {"file": b"".join(audio.chunks())}, "data": {"language_in": "auto"}}
    )
    answer = requests.post(f"{service.url}/jobs", timeout=10, **body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


@pytest.fixture(scope="module", params=_RECORDINGS, ids=lambda path: path.stem)
def upgraded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    with RedisServer() as server, Receiver() as receiver:
        orchestrator = Orchestrator(
            tmp_path_factory.mktemp("upgraded"),
            server,
            services={"stage_s": 0.2, Role.DOWNLOADER: {"playlist": ("http://video.test/listed",)}},
            RETRY_BACKOFF_BASE_SECONDS=0.1,
            WEBHOOK_BACKOFF_BASE_SECONDS=0.05,
            ALLOW_PRIVATE_ADDRESSES="true",
            WEBHOOK_SECRET=WEBHOOK_SECRET,
        )
        one = Upgraded(Recording.load(request.param), orchestrator, receiver)
        try:
            one.start()
            yield one
        finally:
            orchestrator.stop()


@pytest.mark.parametrize("name", _UNDER_WAY)
def test_a_running_job_continues(upgraded: Upgraded, name: str) -> None:
    job = upgraded.job(name, "completed", "failed")
    assert job["transcription_text"] == text_of(job["youtube_url"]), job["error_message"]
    attempts = {stage: record["attempt"] for stage, record in job["stages"].items()}
    assert set(attempts.values()) == {1}, attempts


@pytest.mark.parametrize("name", _ENDED)
def test_an_ended_job_is_unchanged(upgraded: Upgraded, name: str) -> None:
    job = upgraded.job(name, _ENDED[name])
    text = text_of(job["youtube_url"]) if name == "completed" else None
    assert job["transcription_text"] == text
    assert "submitted" in upgraded.orchestrator.events(job["job_id"])


def test_an_uploaded_file_is_transcribed(upgraded: Upgraded) -> None:
    job = upgraded.job("uploaded", "completed", "failed")
    assert job["transcription_text"], job["error_message"]
    assert job["stages"]["download"]["status"] == "skipped"
    sent = upgraded.orchestrator.services[Role.NORMALIZER].ledger()
    assert sent.of(job["stages"]["normalization"]["job_id"]).upload_bytes == len(UPLOADED)


@pytest.mark.parametrize(("name", "count"), [("batch", 2), ("playlist", 1)])
def test_a_batch_gets_its_jobs(upgraded: Upgraded, name: str, count: int) -> None:
    path = f"/batches/{upgraded.recording.jobs[name]}"
    wait_until(
        lambda: upgraded.orchestrator.get(path)["status"] == "completed",
        timeout_s=40,
        what=f"the {name}",
    )
    assert upgraded.orchestrator.get(path)["counts"] == {"completed": count}


def test_a_webhook_that_was_pending_is_delivered(upgraded: Upgraded) -> None:
    wait_until(lambda: upgraded.receiver.notices, timeout_s=20, what="the webhook")
    notice = upgraded.receiver.notices[0]
    assert notice.content["data"]["job_id"] == upgraded.recording.jobs["completed"]
    assert notice.is_signed_with(WEBHOOK_SECRET)


def test_the_data_has_the_current_version_afterwards(upgraded: Upgraded) -> None:
    with upgraded.orchestrator.redis() as client:
        assert client.get(_SCHEMA) == str(keys.SCHEMA_VERSION)


def test_an_older_release_refuses_to_start_on_newer_data(tmp_path: Path) -> None:
    newer = keys.SCHEMA_VERSION + 1
    with RedisServer() as server:
        orchestrator = Orchestrator(tmp_path, server)
        with orchestrator.redis() as client:
            client.set(_SCHEMA, newer)
        started = [
            orchestrator.start_process(["celery", "-A", "tasks.app", command], command)
            for command in ("worker", "beat")
        ]
        with pytest.raises(RuntimeError, match=f"has schema version {newer}"):
            orchestrator.start_api()
        for process in started:
            assert process.wait() == 1
            assert f"has schema version {newer}" in process.log_text()
        with orchestrator.redis() as client:
            assert client.get(_SCHEMA) == str(newer)
            assert client.keys() == [_SCHEMA], "nothing else was written"


def test_without_redis_a_process_starts_and_checks_with_its_first_command() -> None:
    with RedisServer() as server:
        settings = make_settings(redis_url=server.url)
        server.stop()
        check_schema(settings)
        store = connect(settings)
        with pytest.raises(StoreUnavailableError):
            store.now_ms()
        server.start()
        with redis.Redis.from_url(server.url) as client:
            client.set(_SCHEMA, keys.SCHEMA_VERSION + 1)
            with pytest.raises(SchemaVersionError):
                store.now_ms()
            client.delete(_SCHEMA)
            assert store.now_ms() > 0
            assert client.get(_SCHEMA) == str(keys.SCHEMA_VERSION).encode()
        store.client.close()


def test_a_full_redis_that_cannot_store_the_version_is_readable() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as client:
        store = connect(make_settings(redis_url=server.url))
        client.config_set("maxmemory", 1)
        assert store.now_ms() > 0
        store.client.close()
