"""Identical work is done once for all jobs that need it."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.fake_service import Role, expected_text
from tests.support.orchestrator import Orchestrator
from tools.waiting import wait_until


def accepted(orchestrator: Orchestrator, role: Role) -> int:
    return len(orchestrator.services[role].ledger().submissions)


def added(orchestrator: Orchestrator, before: list[int]) -> list[int]:
    return [accepted(orchestrator, role) - count for role, count in zip(Role, before, strict=True)]


def test_jobs_for_the_same_video_share_their_remote_jobs(orchestrator: Orchestrator) -> None:
    before = [accepted(orchestrator, role) for role in Role]
    with ThreadPoolExecutor(8) as pool:
        job_ids = list(pool.map(lambda _: orchestrator.submit("same"), range(8)))
    assert len(set(job_ids)) == 8
    for job_id in job_ids:
        job = orchestrator.await_status(job_id, "completed", "failed")
        assert job["transcription_text"] == expected_text(orchestrator.video("same"))
    assert added(orchestrator, before) == [1, 1, 1]


def test_a_job_whose_work_is_done_is_completed_at_once(orchestrator: Orchestrator) -> None:
    first = orchestrator.await_status(orchestrator.submit("again"), "completed")
    second = orchestrator.get(f"/jobs/{orchestrator.submit('again')}")
    assert second["status"] == "completed"
    assert second["transcription_text"] == first["transcription_text"]
    assert second["transcription_file"] == first["transcription_file"]
    assert second["stages"]["download"]["job_id"] == first["stages"]["download"]["job_id"]


def test_another_language_reuses_the_download_and_a_translation_the_normalization_too(
    orchestrator: Orchestrator,
) -> None:
    video = orchestrator.video("polyglot")
    orchestrator.await_status(orchestrator.submit("polyglot"), "completed")
    before = [accepted(orchestrator, role) for role in Role]
    job = orchestrator.await_status(orchestrator.submit("polyglot", language="pt-BR"), "completed")
    assert job["transcription_text"] == expected_text(video, language="pt")
    assert added(orchestrator, before) == [0, 1, 1], "its audio track may be another one"
    job = orchestrator.await_status(
        orchestrator.submit("polyglot", language="por", language_out="eng"), "completed"
    )
    assert job["transcription_text"] == expected_text(video, language="pt", language_out="en")
    assert added(orchestrator, before) == [0, 1, 2]


def test_force_repeats_all_work(orchestrator: Orchestrator) -> None:
    orchestrator.await_status(orchestrator.submit("forced"), "completed")
    before = [accepted(orchestrator, role) for role in Role]
    orchestrator.await_status(orchestrator.submit("forced", force=True), "completed")
    assert added(orchestrator, before) == [1, 1, 1]


def test_a_remote_job_is_deleted_with_the_last_job_that_needs_it(
    orchestrator: Orchestrator,
) -> None:
    downloader = orchestrator.services[Role.DOWNLOADER]
    downloader.control(hold=True)
    first, second = orchestrator.submit("shared-fate"), orchestrator.submit("shared-fate")

    def remote(job_id: str) -> str | None:
        found: str | None = orchestrator.get(f"/jobs/{job_id}")["stages"]["download"]["job_id"]
        return found

    wait_until(
        lambda: remote(first) and remote(first) == remote(second),
        timeout_s=20,
        what="both jobs to use one remote job",
    )
    remote_id = remote(first) or ""
    orchestrator.post(f"/jobs/{first}/cancel")
    assert orchestrator.get(f"/jobs/{second}")["status"] == "downloading"
    assert not downloader.ledger().of(remote_id).deletes
    orchestrator.post(f"/jobs/{second}/cancel")
    wait_until(lambda: downloader.ledger().of(remote_id).deletes, timeout_s=20, what="the deletion")


def test_work_whose_remote_job_is_gone_is_repeated(orchestrator: Orchestrator) -> None:
    job = orchestrator.await_status(orchestrator.submit("healed"), "completed")
    orchestrator.services[Role.NORMALIZER].delete(job["stages"]["normalization"]["job_id"])
    again = orchestrator.await_status(orchestrator.submit("healed", language="en"), "completed")
    text = expected_text(orchestrator.video("healed"), language="en")
    assert again["transcription_text"] == text
    assert again["stages"]["normalization"]["job_id"] != job["stages"]["normalization"]["job_id"]
