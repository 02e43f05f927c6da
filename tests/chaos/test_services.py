"""Misleading responses of services, at times that the test controls."""

from tests.support.chaos_damage import ChaosOrchestrator
from tests.support.fake_service import Fault, FaultPlan, Role, expected_text
from tools.waiting import wait_until


def test_a_job_that_is_not_visible_at_first_is_not_lost(
    orchestrator: ChaosOrchestrator,
) -> None:
    hiding = FaultPlan(rates={Fault.HIDDEN: 1.0})
    for service in orchestrator.services.values():
        service.control(faults=hiding)
    job_id = orchestrator.submit("shy")
    job = orchestrator.await_status(job_id, "completed", "failed")
    for service in orchestrator.services.values():
        service.control(faults=FaultPlan())
    assert job["transcription_text"] == expected_text(orchestrator.video("shy"))
    assert [orchestrator.submissions(role, job_id) for role in Role] == [1, 1, 1]


def test_a_job_cancelled_while_it_is_submitted_leaves_no_remote_job(
    orchestrator: ChaosOrchestrator,
) -> None:
    normalizer = orchestrator.services[Role.NORMALIZER]
    normalizer.pause()
    job_id = orchestrator.submit("too-late")
    orchestrator.await_status(job_id, "normalizing")
    downloader = orchestrator.services[Role.DOWNLOADER]
    source_id = orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"]
    wait_until(lambda: downloader.ledger().of(source_id).downloads, timeout_s=10, what="transfer")
    assert orchestrator.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    normalizer.resume()

    wait_until(lambda: orchestrator.submissions(Role.NORMALIZER, job_id), timeout_s=10, what="it")
    (sent,) = [
        one
        for one in normalizer.ledger().submissions
        if (one.idempotency_key or "").startswith(job_id)
    ]
    with orchestrator.redis() as client:
        wait_until(
            lambda: sent.remote_id in "".join(client.zrange("orchestrator:deletions", 0, -1)),
            timeout_s=10,
            what="the remote job to be scheduled for deletion",
        )
