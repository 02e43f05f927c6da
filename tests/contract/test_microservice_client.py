"""The client with services that keep the contract, in each of its forms."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from orchestrator.errors import (
    RemoteJobLostError,
    ServiceOverloadedError,
    ServiceRejectedError,
    ServiceUnavailableError,
)
from orchestrator.microservice import MicroserviceClient, Poll, RemoteStatus
from tests.support.client import make_client, poll_to_the_end
from tests.support.fake_service import (
    Down,
    Failure,
    FakeService,
    Fault,
    FaultPlan,
    JobForm,
    Submission,
)
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

FORMS = {
    "as our own services": JobForm(),
    "base contract only": JobForm(is_extended=False),
    "identity in job_id": JobForm(identity="job_id"),
    "status in state": JobForm(state="state"),
    "capitals": JobForm(is_upper_case=True),
    "done is success": JobForm(done="success"),
    "done is done": JobForm(done="done"),
    "done is finished": JobForm(done="finished"),
    "running is a word of its own": JobForm(running="loading_model"),
    "progress is a fraction": JobForm(progress="fraction"),
    "progress is absent": JobForm(progress="absent"),
    "progress is no number": JobForm(progress="garbage"),
    "all at once": JobForm(
        identity="job_id", state="state", is_upper_case=True, done="finished", is_extended=False
    ),
}
FAILING_FORMS = {
    word: JobForm(failed=word) for word in ("failed", "error", "cancelled", "canceled", "aborted")
} | {
    "base contract only": JobForm(is_extended=False),
    "error_message": JobForm(error="error_message"),
    "capitals": JobForm(is_upper_case=True, state="state"),
}
FAILURE = Failure(code="private_video", message="This video is private", is_retryable=True)


@pytest.fixture(scope="module")
def shared_service() -> Iterator[FakeService]:
    with FakeService("downloader", stage_s=0) as service:
        yield service


@pytest.fixture
def service(shared_service: FakeService) -> FakeService:
    """One downloader for all tests, with its settings as they were."""
    shared_service.reset()
    return shared_service


@pytest.fixture
def client(service: FakeService) -> MicroserviceClient:
    return make_client(service.url)


def submit(client: MicroserviceClient, key: str, **fields: Any) -> str:
    poll = client.submit(
        {"url": f"http://video.test/{key}", "quality": "audio"} | fields, idempotency_key=key
    )
    assert poll.job is not None
    return poll.job.job_id


def submissions(service: FakeService, key: str) -> list[Submission]:
    return [one for one in service.ledger().submissions if one.idempotency_key == key]


def always(fault: Fault, *, times: int = 1000) -> FaultPlan:
    return FaultPlan(rates={fault: 1.0}, most_of_a_kind=times)


def test_a_submission_is_sent_as_json_with_its_idempotency_key(
    client: MicroserviceClient, service: FakeService
) -> None:
    remote_id = submit(client, "plain")
    (submission,) = submissions(service, "plain")
    assert submission.remote_id == remote_id
    assert submission.fields == {"url": "http://video.test/plain", "quality": "audio"}


def test_the_same_key_returns_the_same_job(client: MicroserviceClient) -> None:
    assert submit(client, "twice") == submit(client, "twice")


def test_a_lost_response_creates_no_second_job(
    client: MicroserviceClient, service: FakeService
) -> None:
    service.control(faults=always(Fault.LOST_REPLY, times=2))
    remote_id = submit(client, "lost reply")
    (submission,) = submissions(service, "lost reply")
    assert (submission.remote_id, submission.replays) == (remote_id, 2)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_job_is_understood_in_every_form(
    client: MicroserviceClient, service: FakeService, form: JobForm
) -> None:
    service.control(job_form=form, hold=True, stage_s=0.1)
    remote_id = submit(client, f"form {form}")
    poll = client.poll(remote_id)
    assert poll.job is not None
    assert poll.job.status is RemoteStatus.RUNNING
    service.control(hold=False)
    ended = poll_to_the_end(client, remote_id).job
    assert ended is not None
    assert (ended.job_id, ended.status) == (remote_id, RemoteStatus.COMPLETED)


@pytest.mark.parametrize(("progress", "understood"), [("fraction", 95.0), ("percent", 95.0)])
def test_progress_is_in_points_in_every_form(
    service: FakeService, progress: str, understood: float
) -> None:
    service.control(job_form={"progress": progress}, hold=True)
    client = make_client(service.url, poll_wait_s=0)
    poll = client.poll(submit(client, f"progress as {progress}"))
    assert poll.job is not None
    assert poll.job.progress == understood


@pytest.mark.parametrize("form", FAILING_FORMS.values(), ids=FAILING_FORMS)
def test_a_failure_is_understood_in_every_form(
    client: MicroserviceClient, service: FakeService, form: JobForm
) -> None:
    service.control(job_form=form, fail_next=1, failure=FAILURE)
    job = poll_to_the_end(client, submit(client, f"failing form {form}")).job
    assert job is not None
    assert job.failure is not None
    assert (job.status, job.failure.reason) == (RemoteStatus.FAILED, "This video is private")
    assert job.failure.retryable is form.is_extended
    assert job.failure.code == ("private_video" if form.is_extended else "remote_failure")


def test_a_job_in_the_service_s_own_queue_is_queued(service: FakeService) -> None:
    service.control(queued_s=60)
    client = make_client(service.url, poll_wait_s=0)
    job = client.poll(submit(client, "queued")).job
    assert job is not None
    assert job.status is RemoteStatus.QUEUED


def test_a_poll_with_an_etag_waits_and_returns_on_change(
    client: MicroserviceClient, service: FakeService
) -> None:
    service.control(hold=True)
    remote_id = submit(client, "waiting")
    first = make_client(service.url, poll_wait_s=0).poll(remote_id)
    assert first.etag
    polls: list[Poll] = []
    thread = threading.Thread(target=lambda: polls.append(client.poll(remote_id, etag=first.etag)))
    thread.start()
    wait_until(lambda: service.ledger().waiting == 1, timeout_s=5, what="a waiting poll")
    assert polls == []
    service.control(hold=False)
    thread.join(5)
    assert polls[0].has_waited
    assert polls[0].job is not None
    assert polls[0].job.status is RemoteStatus.COMPLETED


def test_a_poll_without_a_change_returns_no_job(service: FakeService) -> None:
    service.control(hold=True)
    client = make_client(service.url, poll_wait_s=1)
    remote_id = submit(client, "unchanged")
    etag = make_client(service.url, poll_wait_s=0).poll(remote_id).etag
    assert client.poll(remote_id, etag=etag) == Poll(None, etag, has_waited=True)


def test_a_service_that_does_not_hold_polls_open_responds_at_once_without_an_etag(
    client: MicroserviceClient, service: FakeService
) -> None:
    service.control(hold=True, honours_wait=False)
    poll = client.poll(submit(client, "no waiting"), etag='"old"')
    assert poll.job is not None
    assert (poll.etag, poll.has_waited) == (None, False)


def test_a_job_that_the_service_does_not_know_is_lost(client: MicroserviceClient) -> None:
    with pytest.raises(RemoteJobLostError) as caught:
        client.poll("never_heard_of")
    assert caught.value.remote_id == "never_heard_of"


def test_a_job_at_another_instance_is_polled_there(client: MicroserviceClient) -> None:
    with FakeService("downloader", stage_s=0) as other:
        remote_id = submit(make_client(other.url), "elsewhere")
        assert client.poll(remote_id, instance=other.url).job is not None


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_500, Fault.RESET, Fault.GARBAGE, Fault.SLOW], ids=str
)
@pytest.mark.parametrize("call", ["submit", "status"])
def test_a_call_is_retried_after_a_transient_error(
    service: FakeService, call: str, fault: Fault
) -> None:
    client = make_client(service.url, status_timeout_s=0.5, poll_wait_s=0, http_max_retries=3)
    key = f"{call} with {fault}"
    service.control(slow_s=2)
    if call == "submit":
        service.control(faults=always(fault, times=2))
        assert submit(client, key)
    else:
        remote_id = submit(client, key)
        service.control(faults=always(fault, times=2))
        assert client.poll(remote_id).job is not None
    assert service.ledger().faults[f"{call}:{fault}"] >= 2
    assert len(submissions(service, key)) == 1


@pytest.mark.parametrize("retries", [0, 2])
def test_retries_are_bounded(service: FakeService, retries: int) -> None:
    service.control(faults=always(Fault.ERROR_500))
    client = make_client(service.url, http_max_retries=retries)
    before = service.ledger().faults.get("submit:error_500", 0)
    with pytest.raises(ServiceUnavailableError) as caught:
        submit(client, f"bounded by {retries}")
    assert service.ledger().faults["submit:error_500"] - before == retries + 1
    assert caught.value.status_code == 500


def test_a_permanent_error_is_not_retried(client: MicroserviceClient, service: FakeService) -> None:
    submit(client, "used key")
    with pytest.raises(ServiceRejectedError) as caught:
        client.submit({"url": "http://video.test/another"}, idempotency_key="used key")
    assert (caught.value.status_code, caught.value.code) == (422, "idempotency_key_reused")
    assert len(submissions(service, "used key")) == 1


def test_a_full_queue_is_overload_and_is_not_retried() -> None:
    with FakeService("downloader", hold=True, queue=1, retry_after_s=7) as service:
        client = make_client(service.url)
        submit(client, "first in the queue")
        with pytest.raises(ServiceOverloadedError) as caught:
            submit(client, "one too many")
        assert caught.value.retry_after_s == 7
        assert service.ledger().refused == 1


def test_a_service_that_sends_retry_after_is_overloaded(
    client: MicroserviceClient, service: FakeService
) -> None:
    service.control(faults=always(Fault.UNAVAILABLE), retry_after_s=4)
    with pytest.raises(ServiceOverloadedError) as caught:
        submit(client, "come back later")
    assert caught.value.retry_after_s == 4


@pytest.mark.parametrize("down", [Down.UNAVAILABLE, Down.RESETTING], ids=str)
def test_a_service_that_is_down_is_unavailable(
    client: MicroserviceClient, service: FakeService, down: Down
) -> None:
    service.control(down=down)
    with pytest.raises(ServiceUnavailableError):
        submit(client, f"down as {down}")


def test_a_service_that_refuses_connections_is_unavailable() -> None:
    client = make_client(f"http://{LOOPBACK}:{free_port()}")
    with pytest.raises(ServiceUnavailableError, match="cannot be reached"):
        submit(client, "nobody there")


def test_a_frozen_service_is_unavailable_after_the_timeout() -> None:
    with FakeService("downloader") as service:
        service.pause()
        client = make_client(service.url, status_timeout_s=0.3, http_max_retries=1)
        with pytest.raises(ServiceUnavailableError, match="did not respond in time"):
            submit(client, "frozen")


def test_a_transcript_is_fetched_with_its_segments() -> None:
    with (
        FakeService("downloader", stage_s=0) as downloader,
        FakeService("transcriber", stage_s=0) as transcriber,
    ):
        source, target = make_client(downloader.url), make_client(transcriber.url)
        audio_id = submit(source, "spoken")
        poll = target.submit(
            {"language_in": "pt"},
            idempotency_key="spoken",
            source=lambda: source.open_artifact(audio_id, default_filename="audio"),
        )
        assert poll.job is not None
        transcript = target.fetch_transcript(poll.job.job_id)
        with pytest.raises(RemoteJobLostError):
            target.fetch_transcript("never_heard_of")
    assert transcript.language == "pt"
    assert transcript.text.startswith("pt ")
    assert transcript.segments[1]["start"] == 1.5


def test_a_deleted_job_is_gone(client: MicroserviceClient) -> None:
    remote_id = submit(client, "to be deleted")
    client.delete(remote_id)
    with pytest.raises(RemoteJobLostError):
        client.poll(remote_id)


def test_deleting_a_job_that_does_not_exist_succeeds(client: MicroserviceClient) -> None:
    client.delete("never_heard_of")


def test_deleting_at_a_service_that_is_down_is_an_error(
    client: MicroserviceClient, service: FakeService
) -> None:
    remote_id = submit(client, "to be deleted later")
    service.control(down=Down.UNAVAILABLE)
    with pytest.raises(ServiceUnavailableError):
        client.delete(remote_id)


def test_the_health_of_a_service_is_the_status_it_reports(client: MicroserviceClient) -> None:
    assert client.health(timeout_s=5) == "healthy"


def test_a_dead_service_is_unreachable() -> None:
    assert make_client(f"http://{LOOPBACK}:{free_port()}").health(timeout_s=1) == "unreachable"


def test_a_frozen_service_is_unreachable_after_the_timeout() -> None:
    with FakeService("downloader") as service:
        service.pause()
        assert make_client(service.url).health(timeout_s=0.3) == "unreachable"
