"""The client knows what the API offers, and shows what the API says."""

from typing import Any

from orchestrator.domain.job import JobStatus
from tests.support.jobs import NOW, make_job, with_stage
from web.schemas.batches import BatchDetail
from web.schemas.job_list import JobList, JobSummary
from web.schemas.jobs import JobDetail, PipelineOptions
from web.schemas.results import TranscriptFormat, TranscriptQuery
from ytcaption import Format, Job, JobPage, Options
from ytcaption.batches import Batch
from ytcaption.options import CueLimits


def shown(**facts: Any) -> dict[str, Any]:
    job = with_stage(make_job(**facts), "download", started_at=NOW, progress=40.0, attempt=2)
    return JobDetail.of(job, None, 3).model_dump(mode="json")


def test_every_option_of_the_api_can_be_chosen() -> None:
    assert Options.__annotations__.keys() == PipelineOptions.model_fields.keys()


def test_every_limit_of_captions_can_be_chosen() -> None:
    limits = TranscriptQuery.model_fields.keys() - {"format"}
    assert CueLimits.__annotations__.keys() == limits
    assert set(map(str, Format)) == set(map(str, TranscriptFormat))


def test_a_job_is_written_again_as_the_api_wrote_it() -> None:
    told = shown(status=JobStatus.DOWNLOADING)
    job = Job.model_validate(told)
    assert job.model_dump(mode="json") == told
    assert (job.queue_position, job.stages["download"].attempt) == (3, 2)
    assert not job.is_over


def test_the_end_of_a_job_is_known_by_all_its_words() -> None:
    for status in JobStatus:
        assert Job.model_validate(shown(status=status)).is_over == status.is_terminal


def test_a_page_is_written_again_as_the_api_wrote_it() -> None:
    summary = JobSummary.of(make_job())
    told = JobList(total=7, jobs=[summary], next_cursor="1-a").model_dump(mode="json")
    assert JobPage.model_validate(told).model_dump(mode="json") == told


def test_a_batch_has_what_the_client_reads() -> None:
    assert Batch.model_fields.keys() <= BatchDetail.model_fields.keys()


def test_what_a_newer_api_adds_is_kept() -> None:
    told = shown() | {"mood": "good"}
    assert Job.model_validate(told).model_dump(mode="json") == told
