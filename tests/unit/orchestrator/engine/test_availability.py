"""Services whose breakers are open are not called, but for one trial per interval."""

from typing import cast

import pytest

from orchestrator.domain.pipeline import STAGES
from orchestrator.engine.availability import Availability
from orchestrator.engine.held_stage import HeldStage
from orchestrator.errors import (
    BreakerOpenError,
    OrchestratorError,
    RemoteJobLostError,
    ServiceRejectedError,
    ServiceUnavailableError,
)
from orchestrator.store.breakers import BreakerStore
from tests.support.fake_worker import INSTANCE, SECOND_INSTANCE, FakeWorker

DOWNLOAD, NORMALIZATION, _ = STAGES
OWN, SOURCE = NORMALIZATION.service.name, DOWNLOAD.service.name


def make(worker: FakeWorker) -> Availability:
    claim = worker.claim()
    held = HeldStage(worker.leases, claim, worker.stage)
    breakers = cast("BreakerStore", worker.store.breakers)
    return Availability(breakers, held, claim, worker.client.instances)


def test_a_service_that_works_may_be_called() -> None:
    availability = make(FakeWorker())
    availability.check()
    assert availability.choose_instance() == INSTANCE


def test_an_open_breaker_forbids_the_call_until_its_trial() -> None:
    worker = FakeWorker(NORMALIZATION)
    worker.store.breakers.record_failure(OWN)
    with pytest.raises(BreakerOpenError, match=OWN):
        make(worker).check()
    worker.store.breakers.end_interval()
    availability = make(worker)
    availability.check()
    availability.record_success()
    assert worker.store.breakers.failures == {}


def test_the_service_that_has_the_audio_is_checked_before_it_is_called() -> None:
    worker = FakeWorker(NORMALIZATION)
    worker.store.breakers.record_failure(SOURCE)
    make(worker).check_source()  # it has no artifact, so it will not be called
    worker.store.set(worker.job.job_id, download__job_id="d1")
    with pytest.raises(BreakerOpenError, match=SOURCE):
        make(worker).check_source()
    worker.store.breakers.end_interval()
    availability = make(worker)
    availability.check_source()
    availability.record_source_success()
    assert worker.store.breakers.failures == {}


def test_a_source_that_was_on_no_trial_is_not_recorded() -> None:
    worker = FakeWorker(NORMALIZATION)
    availability = make(worker)
    availability.check_source()
    worker.store.breakers.record_failure(SOURCE)  # by another worker
    availability.record_source_success()
    assert worker.store.breakers.failures == {SOURCE: 1}


def test_of_several_instances_one_that_works_is_chosen() -> None:
    worker = FakeWorker(instances=2)
    for _ in range(2):
        worker.store.breakers.record_failure(SOURCE, INSTANCE)
    availability = make(worker)
    availability.check()
    assert availability.choose_instance() == SECOND_INSTANCE


def test_a_success_closes_the_breaker_of_the_chosen_instance() -> None:
    worker = FakeWorker(instances=2)
    worker.store.breakers.record_failure(SOURCE, INSTANCE)
    availability = make(worker)
    assert availability.choose_instance() == INSTANCE
    availability.record_success()
    assert worker.store.breakers.failures == {}


@pytest.mark.parametrize(
    ("error", "failures"),
    [
        (ServiceUnavailableError(OWN, "down"), {OWN: 1}),
        (ServiceUnavailableError(SOURCE, "down"), {SOURCE: 1}),
        (BreakerOpenError(OWN, "not called"), {}),
        (ServiceRejectedError(OWN, "no"), {}),
        (RemoteJobLostError(OWN, "r1"), {}),
    ],
)
def test_only_a_call_that_failed_counts_against_a_service(
    error: OrchestratorError, failures: dict[str, int]
) -> None:
    worker = FakeWorker(NORMALIZATION)
    make(worker).record_error(error)
    assert worker.store.breakers.failures == failures
