"""Publishes segments while a transcription runs."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.job import StageRecord, Transcript
from orchestrator.domain.pipeline import Stage
from orchestrator.domain.transitions import Change, Segments
from orchestrator.errors import ServiceError
from orchestrator.microservice import MicroserviceClient
from orchestrator.telemetry.log import LOGGER

__all__ = ["PartialTranscripts"]


class PartialTranscripts:
    """Adds segments to the changes of a turn, each segment once.

    Partial transcripts are an extension that a service may lack: such a service is asked once per
    remote job, and one that fails once per turn. No error here ends a turn.

    Args:
        client: The service.
        stage: The stage of the turn.
        record: The stage's record at the start of the turn.
    """

    def __init__(self, client: MicroserviceClient, stage: Stage, record: StageRecord) -> None:
        self._client = client
        self._stage = stage
        self._attempt = record.attempt
        self._published = record.segments
        self._is_available = stage.gives_transcript and not record.lacks_partials

    def add_new(self, change: Change, record: StageRecord) -> Change:
        """Return the change with the segments that were finished since the last call."""
        if not self._is_available or record.job_id is None:
            return change
        try:
            partial = self._client.fetch_partial(record.job_id, instance=record.instance)
        except ServiceError as error:
            LOGGER.info("Could not fetch a partial transcript; not retried in this turn: %s", error)
            self._is_available = False
            return change
        if partial is None:
            self._is_available = False
            return _with_value(change, f"{self._stage.name}.lacks_partials", 1)
        return self._add(change, len(partial.segments), partial.segments[self._published :])

    def add_remaining(self, change: Change, transcript: Transcript) -> Change:
        """Return the change that writes the transcript with the segments not published yet."""
        return self._add(change, len(transcript.segments))

    def _add(
        self, change: Change, count: int, bodies: tuple[Mapping[str, Any], ...] = ()
    ) -> Change:
        before, self._published = self._published, max(self._published, count)
        if before == self._published:
            return change
        changed = _with_value(change, f"{self._stage.name}.segments", self._published)
        new = Segments(self._attempt, index=before, count=self._published - before, bodies=bodies)
        return replace(changed, segments=new)


def _with_value(change: Change, name: str, value: float) -> Change:
    return replace(change, values={**change.values, name: value})
