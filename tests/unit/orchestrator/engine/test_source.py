"""A stage takes the artifact of the stage before, or the uploaded file."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from orchestrator.domain.job import Upload
from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.source import AudioSource
from orchestrator.engine.uploads import Draft
from orchestrator.errors import RemoteJobLostError, SourceGoneError
from orchestrator.microservice import MicroserviceClient
from tests.support.fake_worker import JOB_ID, FakeClient, FakeWorker

DOWNLOAD, NORMALIZATION, _ = STAGES
UPLOAD = Upload("talk.ogg", 5, hashlib.sha256(b"audio").hexdigest())


class LosingClient(FakeClient):
    @contextmanager
    def open_artifact(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise RemoteJobLostError("downloader", "d1")
        yield


def make(worker: FakeWorker, client: FakeClient | None = None) -> AudioSource:
    source = cast("MicroserviceClient", client or worker.clients[DOWNLOAD.service.name])
    return AudioSource(worker.hold(), source, worker.uploads)


def read(source: AudioSource) -> bytes:
    with source.open() as artifact:
        return b"".join(artifact.read())


def test_the_artifact_of_the_stage_before_is_opened_with_its_name() -> None:
    worker = FakeWorker(NORMALIZATION)
    worker.store.set(JOB_ID, download__job_id="d1", download__filename="video.webm")
    source = make(worker)
    assert read(source) == b"audio"
    assert source.filename == "sent-video.webm"
    assert read(source) == b"audio", "a repeated transfer opens it again"


def test_an_artifact_that_was_never_made_or_is_lost_is_gone() -> None:
    worker = FakeWorker(NORMALIZATION)
    with pytest.raises(SourceGoneError, match="unknown"):
        read(make(worker))
    worker.store.set(JOB_ID, download__job_id="d1")
    with pytest.raises(SourceGoneError, match="d1"):
        read(make(worker, LosingClient(())))


def test_an_uploaded_file_is_opened_in_place_of_an_artifact(tmp_path: Path) -> None:
    worker = FakeWorker(NORMALIZATION, uploads=tmp_path, request={"upload": UPLOAD})
    with pytest.raises(SourceGoneError, match=r"talk\.ogg"):
        read(make(worker))
    draft = Draft(tmp_path, max_bytes=100)
    draft.write(b"audio")
    worker.uploads.keep(draft, JOB_ID)
    draft.close()
    source = make(worker)
    assert read(source) == b"audio"
    assert source.filename is None
