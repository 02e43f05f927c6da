"""The least recently used jobs are evicted first."""

from services.kit.files.sweep import choose_evictions
from services.kit.jobs.job import Job


def make_job(name: str, used_at: str | None = None, status: str = "completed") -> Job:
    return Job(
        id=name,
        status=status,
        progress=100,
        tag="",
        created_at="2026-01-01T00:00:00.000Z",
        updated_at="2026-01-01T00:00:00.000Z",
        completed_at=f"2026-01-01T00:00:00.00{name}Z",
        used_at=used_at,
        size_bytes=10,
    )


def choose(jobs: list[Job], max_bytes: int) -> list[str]:
    return [job.id for job in choose_evictions(jobs, max_bytes)]


def test_what_fits_stays() -> None:
    assert choose([make_job("1"), make_job("2")], 20) == []


def test_the_least_recently_used_jobs_are_evicted_and_no_more() -> None:
    assert choose([make_job("3"), make_job("1"), make_job("2")], 19) == ["1", "2"]


def test_recently_used_jobs_are_kept() -> None:
    used = make_job("1", used_at="2026-01-02T00:00:00.000Z")
    assert choose([used, make_job("2")], 10) == ["2"]


def test_only_finished_jobs_go() -> None:
    assert choose([make_job("1", status="downloading")], 0) == []
