"""Segments are told once each, and a service without them is not asked again."""

import json
from typing import Any, cast

import pytest

from orchestrator.errors import ServiceUnavailableError
from orchestrator.job import StageRecord, Transcript
from orchestrator.microservice import MicroserviceClient
from orchestrator.partials import PartialResults
from orchestrator.pipeline import stage_named
from orchestrator.transitions import Change

RECORD = StageRecord(job_id="trans_1", attempt=2)
SEGMENTS = [
    {"text": f"part {n}", "start": n, "end": n + 1, "duration": 1, "words": [{"word": "part"}]}
    for n in range(6)
]


class FakeTranscriber:
    """Shows as many segments as it is told to, or nothing, or is down."""

    def __init__(self) -> None:
        self.shown: int | None = 0
        self.is_down = False
        self.asked = 0

    def fetch_partial(self, _remote_id: str, *, instance: str | None) -> Transcript | None:
        del instance
        self.asked += 1
        if self.is_down:
            raise ServiceUnavailableError("audio-transcriber", "down")
        return None if self.shown is None else Transcript("", tuple(SEGMENTS[: self.shown]))


@pytest.fixture
def transcriber() -> FakeTranscriber:
    return FakeTranscriber()


def partials(
    transcriber: FakeTranscriber, record: StageRecord = RECORD, stage: str = "transcription"
) -> PartialResults:
    client = cast("MicroserviceClient", transcriber)
    return PartialResults(client, stage_named(stage), record)


def told(change: Change) -> list[dict[str, Any]]:
    return [json.loads(segment) for segment in change.segments]


def test_each_segment_is_told_once(transcriber: FakeTranscriber) -> None:
    results = partials(transcriber)
    indexes = []
    for transcriber.shown in (0, 2, 2, 1, 5):
        change = results.add_new(Change(), RECORD)
        indexes.append([segment["index"] for segment in told(change)])
    rest = results.add_rest(Change(values={"a": 1}), SEGMENTS)
    assert [*indexes, [one["index"] for one in told(rest)]] == [[], [0, 1], [], [], [2, 3, 4], [5]]
    assert rest.values == {"a": 1, "transcription.segments": 6}
    assert told(rest) == [
        {"stage": "transcription", "attempt": 2, "index": 5}
        | {"text": "part 5", "start": 5, "end": 6, "duration": 1}
    ]


def test_another_turn_goes_on_where_the_last_one_was(transcriber: FakeTranscriber) -> None:
    transcriber.shown = 4
    record = StageRecord(job_id="trans_1", segments=3)
    change = partials(transcriber, record).add_new(Change(), record)
    assert [segment["index"] for segment in told(change)] == [3]


def test_a_service_that_shows_nothing_is_asked_once(transcriber: FakeTranscriber) -> None:
    transcriber.shown = None
    results = partials(transcriber)
    assert results.add_new(Change(), RECORD).values == {"transcription.lacks_partials": 1}
    assert results.add_new(Change(), RECORD) == Change()
    known = StageRecord(job_id="trans_1", lacks_partials=True)
    assert partials(transcriber, known).add_new(Change(), known) == Change()
    assert transcriber.asked == 1


def test_a_service_in_trouble_is_asked_again_in_the_next_turn(
    transcriber: FakeTranscriber,
) -> None:
    transcriber.is_down = True
    results = partials(transcriber)
    assert results.add_new(Change(), RECORD) == Change()
    assert results.add_new(Change(), RECORD) == Change()
    assert transcriber.asked == 1
    transcriber.is_down, transcriber.shown = False, 1
    assert len(partials(transcriber).add_new(Change(), RECORD).segments) == 1


@pytest.mark.parametrize(
    ("stage", "remote_id"), [("normalization", "norm_1"), ("transcription", None)]
)
def test_nobody_is_asked_where_there_is_nothing_to_tell(
    transcriber: FakeTranscriber, stage: str, remote_id: str | None
) -> None:
    record = StageRecord(job_id=remote_id)
    assert partials(transcriber, record, stage).add_new(Change(), record) == Change()
    assert transcriber.asked == 0
