"""A remote job that is not visible yet is not taken for lost, whatever the host's clock says."""

from datetime import timedelta
from typing import Any, cast

import pytest

from orchestrator.domain.job import milliseconds
from orchestrator.engine.polling import Polling
from orchestrator.errors import RemoteJobLostError
from orchestrator.microservice import Poll, RemoteJob, RemoteStatus
from tests.support.fake_worker import JOB_ID, FakeWorker
from tests.support.jobs import NOW


def make_polling(*, age_s: float | None = None, **record: str) -> Polling:
    """Return the polls of a service that answers 404 for a job of some age by Redis's clock."""
    worker = FakeWorker(not_visible_s=6, poll_interval=0.001)
    if age_s is not None:
        submitted_at = milliseconds(NOW - timedelta(seconds=age_s))
        record["download__submitted_at"] = str(submitted_at)
    worker.store.set(JOB_ID, download__job_id="x_audio", **record)
    worker.client.answers = [RemoteJobLostError("downloader", "x_audio")]
    return Polling(worker.hold(), cast("Any", worker.client), worker.settings, worker.stop)


@pytest.mark.parametrize("age_s", [0, 1, 5])
def test_a_404_soon_after_the_submission_is_waited_out(age_s: float) -> None:
    assert make_polling(age_s=age_s).poll().job is None


@pytest.mark.parametrize("age_s", [7, 3600])
def test_a_404_later_on_means_that_the_job_is_lost(age_s: float) -> None:
    with pytest.raises(RemoteJobLostError):
        make_polling(age_s=age_s).poll()


def test_a_job_that_was_never_seen_to_be_submitted_is_lost() -> None:
    with pytest.raises(RemoteJobLostError):
        make_polling().poll()


def test_the_response_to_a_submission_is_the_first_poll_if_it_has_an_etag() -> None:
    polling = make_polling(download__etag="old")
    untagged = Poll(RemoteJob("r1", RemoteStatus.QUEUED), None, has_waited=False)
    assert not polling.accept(untagged)
    assert polling.etag == "old"
    tagged = Poll(RemoteJob("r1", RemoteStatus.QUEUED), "new", has_waited=False)
    assert polling.accept(tagged)
    assert polling.etag == "new"
    assert polling.poll() is tagged
