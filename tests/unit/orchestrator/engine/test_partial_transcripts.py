"""Each segment is published once, and a service without partial transcripts is asked once."""

from typing import cast

import pytest

from orchestrator.domain.job import StageRecord, Transcript
from orchestrator.domain.pipeline import stage_named
from orchestrator.domain.transitions import Change, Segments
from orchestrator.engine.partial_transcripts import PartialTranscripts
from orchestrator.errors import ServiceUnavailableError
from orchestrator.microservice import MicroserviceClient

RECORD = StageRecord(job_id="trans_1", attempt=2)
SEGMENTS = [
    {"text": f"part {n}", "start": n, "end": n + 1, "duration": 1, "words": [{"word": "part"}]}
    for n in range(6)
]


class FakeTranscriber:
    """Returns a number of segments, or nothing, or is down."""

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
) -> PartialTranscripts:
    client = cast("MicroserviceClient", transcriber)
    return PartialTranscripts(client, stage_named(stage), record)


def test_each_segment_is_published_once(transcriber: FakeTranscriber) -> None:
    results = partials(transcriber)
    told = []
    for transcriber.shown in (0, 2, 2, 1, 5):
        told.append(results.add_new(Change(), RECORD).segments)
    assert told == [
        None,
        Segments(attempt=2, index=0, count=2, bodies=tuple(SEGMENTS[:2])),
        None,
        None,
        Segments(attempt=2, index=2, count=3, bodies=tuple(SEGMENTS[2:5])),
    ]


def test_segments_in_the_transcript_are_not_sent_twice(transcriber: FakeTranscriber) -> None:
    results = partials(transcriber)
    transcriber.shown = 5
    results.add_new(Change(), RECORD)
    rest = results.add_remaining(Change(values={"a": 1}), Transcript("", tuple(SEGMENTS)))
    assert rest.values == {"a": 1, "transcription.segments": 6}
    assert rest.segments == Segments(attempt=2, index=5, count=1)
    assert results.add_remaining(Change(), Transcript("", tuple(SEGMENTS))) == Change()


def test_another_turn_continues_after_the_last_segment(transcriber: FakeTranscriber) -> None:
    transcriber.shown = 4
    record = StageRecord(job_id="trans_1", segments=3)
    change = partials(transcriber, record).add_new(Change(), record)
    assert change.segments == Segments(attempt=1, index=3, count=1, bodies=(SEGMENTS[3],))


def test_a_service_without_partial_transcripts_is_asked_once(transcriber: FakeTranscriber) -> None:
    transcriber.shown = None
    results = partials(transcriber)
    assert results.add_new(Change(), RECORD).values == {"transcription.lacks_partials": 1}
    assert results.add_new(Change(), RECORD) == Change()
    known = StageRecord(job_id="trans_1", lacks_partials=True)
    assert partials(transcriber, known).add_new(Change(), known) == Change()
    assert transcriber.asked == 1


def test_a_service_that_failed_is_asked_again_in_the_next_turn(
    transcriber: FakeTranscriber,
) -> None:
    transcriber.is_down = True
    results = partials(transcriber)
    assert results.add_new(Change(), RECORD) == Change()
    assert results.add_new(Change(), RECORD) == Change()
    assert transcriber.asked == 1
    transcriber.is_down, transcriber.shown = False, 1
    assert partials(transcriber).add_new(Change(), RECORD).segments is not None


@pytest.mark.parametrize(
    ("stage", "remote_id"), [("normalization", "norm_1"), ("transcription", None)]
)
def test_a_stage_without_segments_asks_nothing(
    transcriber: FakeTranscriber, stage: str, remote_id: str | None
) -> None:
    record = StageRecord(job_id=remote_id)
    assert partials(transcriber, record, stage).add_new(Change(), record) == Change()
    assert transcriber.asked == 0
