"""Segments that are told while a transcription goes on."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orchestrator.domain.job import StageRecord, Transcript
from orchestrator.domain.pipeline import Stage
from orchestrator.domain.transitions import Change, Segments
from orchestrator.errors import ServiceError
from orchestrator.microservice import MicroserviceClient
from orchestrator.telemetry.log import LOGGER

__all__ = ["PartialResults"]


class PartialResults:
    """What the followers of a job are told of its transcript, each segment once.

    It is an extra of some services: one that does not know it is asked once for each remote job,
    and one that is in trouble once in a turn. Nothing that goes wrong here stops a turn.

    Args:
        client: The service.
        stage: The stage that the turn is for.
        record: How it stands at the turn's beginning.
    """

    def __init__(self, client: MicroserviceClient, stage: Stage, record: StageRecord) -> None:
        self._client = client
        self._stage = stage
        self._attempt = record.attempt
        self._told = record.segments
        self._is_asked = stage.gives_transcript and not record.lacks_partials

    def add_new(self, change: Change, record: StageRecord) -> Change:
        """Return the change with the segments that the remote job has finished since."""
        if not self._is_asked or record.job_id is None:
            return change
        try:
            partial = self._client.fetch_partial(record.job_id, instance=record.instance)
        except ServiceError as error:
            LOGGER.info("No partial results in this turn: %s", error)
            self._is_asked = False
            return change
        if partial is None:
            self._is_asked = False
            return _with_value(change, f"{self._stage.name}.lacks_partials", 1)
        return self._add(change, len(partial.segments), partial.segments[self._told :])

    def add_rest(self, change: Change, transcript: Transcript) -> Change:
        """Return the change that writes the transcript with the segments that were not told."""
        return self._add(change, len(transcript.segments))

    def _add(
        self, change: Change, count: int, bodies: tuple[Mapping[str, Any], ...] = ()
    ) -> Change:
        told, self._told = self._told, max(self._told, count)
        if told == self._told:
            return change
        changed = _with_value(change, f"{self._stage.name}.segments", self._told)
        new = Segments(self._attempt, index=told, count=self._told - told, bodies=bodies)
        return replace(changed, segments=new)


def _with_value(change: Change, name: str, value: float) -> Change:
    return replace(change, values={**change.values, name: value})
