"""The audio that a stage takes: the artifact of the stage before, or an uploaded file."""

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.domain.job import StageStatus, Upload
from orchestrator.domain.pipeline import stage_before
from orchestrator.engine.held_stage import HeldStage
from orchestrator.engine.uploads import UploadStore
from orchestrator.errors import RemoteJobLostError, SourceGoneError
from orchestrator.microservice import MicroserviceClient, SourceArtifact

__all__ = ["AudioSource"]


class AudioSource:
    """Opens the audio for a submission.

    Args:
        held: The stage that takes the audio.
        client: The service of the stage before.
        uploads: The uploaded files.
    """

    def __init__(self, held: HeldStage, client: MicroserviceClient, uploads: UploadStore) -> None:
        self.filename: str | None = None
        """The artifact's name as its service sent it with the bytes; set by `open`."""
        self.stage = stage_before(held.stage)
        """The stage that made the audio."""
        self._held = held
        self._client = client
        self._uploads = uploads

    @contextmanager
    def open(self) -> Iterator[SourceArtifact]:
        """Open the audio; may be called again for a repeated transfer.

        Raises:
            SourceGoneError: The audio no longer exists.
            ServiceError: Its service did not send it.
        """
        upload = self._held.job.request.upload
        is_uploaded = self._held.source_record.status is StageStatus.SKIPPED
        opened = self._open_upload(upload) if upload and is_uploaded else self._open_artifact()
        with opened as artifact:
            yield artifact

    @contextmanager
    def _open_artifact(self) -> Iterator[SourceArtifact]:
        record = self._held.source_record
        if record.job_id is None:
            raise SourceGoneError(self.stage.name, "unknown")
        opened = self._client.open_artifact(
            record.job_id,
            default_filename=record.filename or self.stage.default_filename,
            instance=record.instance,
        )
        try:
            with opened as artifact:
                self.filename = artifact.filename
                yield artifact
        except RemoteJobLostError as error:
            raise SourceGoneError(self.stage.name, record.job_id) from error

    @contextmanager
    def _open_upload(self, upload: Upload) -> Iterator[SourceArtifact]:
        try:
            with self._uploads.open(self._held.job.job_id, upload) as artifact:
                yield artifact
        except FileNotFoundError as error:
            raise SourceGoneError(self.stage.name, upload.filename) from error
