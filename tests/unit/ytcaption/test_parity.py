"""The client supports all options and fields of the API."""

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


def test_every_option_of_the_api_is_supported() -> None:
    assert Options.__annotations__.keys() == PipelineOptions.model_fields.keys()


def test_every_limit_of_captions_is_supported() -> None:
    limits = TranscriptQuery.model_fields.keys() - {"format"}
    assert CueLimits.__annotations__.keys() == limits
    assert set(map(str, Format)) == set(map(str, TranscriptFormat))


def test_a_job_is_serialized_as_the_api_sent_it() -> None:
    sent = shown(status=JobStatus.DOWNLOADING)
    job = Job.model_validate(sent)
    assert job.model_dump(mode="json") == sent
    assert (job.queue_position, job.stages["download"].attempt) == (3, 2)
    assert not job.is_over


def test_every_terminal_status_is_known() -> None:
    for status in JobStatus:
        assert Job.model_validate(shown(status=status)).is_over == status.is_terminal


def test_a_page_is_serialized_as_the_api_sent_it() -> None:
    summary = JobSummary.of(make_job())
    sent = JobList(total=7, jobs=[summary], next_cursor="1-a").model_dump(mode="json")
    assert JobPage.model_validate(sent).model_dump(mode="json") == sent


def test_a_batch_of_the_api_has_all_fields_of_the_client() -> None:
    assert Batch.model_fields.keys() <= BatchDetail.model_fields.keys()


def test_unknown_fields_of_a_newer_api_are_kept() -> None:
    sent = shown() | {"mood": "good"}
    assert Job.model_validate(sent).model_dump(mode="json") == sent
