"""Lists of jobs: newest first, by page, by status, by metadata of the client."""

from typing import Any

from tests.support.orchestrator import Orchestrator


def walk(orchestrator: Orchestrator, query: str) -> list[list[str]]:
    """Read all pages and return the ids on each."""
    pages: list[list[str]] = []
    cursor = ""
    while True:
        page: dict[str, Any] = orchestrator.get(f"/jobs?{query}{cursor}")
        pages.append([job["job_id"] for job in page["jobs"]])
        if page["next_cursor"] is None:
            return pages
        cursor = f"&cursor={page['next_cursor']}"


def test_pages_hold_every_job_once_newest_first(orchestrator: Orchestrator) -> None:
    notes = {"project": "paging"}
    job_ids = [orchestrator.submit("paged", metadata=notes) for _ in range(7)]
    pages = walk(orchestrator, "limit=3&metadata=project:paging")
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [job_id for page in pages for job_id in page] == job_ids[::-1]
    for job_id in job_ids:
        orchestrator.await_status(job_id, "completed")


def test_a_page_continues_after_a_removed_job(orchestrator: Orchestrator) -> None:
    job_ids = [orchestrator.submit("cut", metadata={"project": "cut"}) for _ in range(4)]
    for job_id in job_ids:
        orchestrator.await_status(job_id, "completed")
    first = orchestrator.get("/jobs?limit=2&metadata=project:cut")
    assert orchestrator.delete(f"/jobs/{first['jobs'][-1]['job_id']}").status_code == 204
    second = orchestrator.get(f"/jobs?limit=2&metadata=project:cut&cursor={first['next_cursor']}")
    assert [job["job_id"] for job in second["jobs"]] == job_ids[1::-1]
    assert second["total"] == 3


def test_jobs_are_found_by_metadata_and_status(orchestrator: Orchestrator) -> None:
    done = orchestrator.submit("noted", metadata={"customer": "á: b"})
    other = orchestrator.submit("noted", metadata={"customer": "another"})
    for job_id in (done, other):
        orchestrator.await_status(job_id, "completed")
    query = "metadata=customer:á: b"
    for status, found in (("completed", [done]), ("failed", [])):
        page = orchestrator.get(f"/jobs?{query}&status={status}")
        assert [job["job_id"] for job in page["jobs"]] == found
        assert page["total"] == len(found)
    assert orchestrator.get(f"/jobs/{done}")["metadata"] == {"customer": "á: b"}


def test_an_invalid_cursor_is_refused(orchestrator: Orchestrator) -> None:
    for word in ("x", "!!!!", "1-2", "-0123456789abcdef"):
        answer = orchestrator.get(f"/jobs?cursor={word}")
        assert answer["status"] == 422
        assert answer["errors"][0]["pointer"] == "query:cursor"


def test_a_removed_job_leaves_every_index(orchestrator: Orchestrator) -> None:
    job_id = orchestrator.submit("unlisted", metadata={"project": "unlisted"})
    orchestrator.await_status(job_id, "completed")
    orchestrator.delete(f"/jobs/{job_id}")
    with orchestrator.redis() as client:
        holding = [
            key
            for key in client.scan_iter("orchestrator:jobs*")
            if client.zscore(key, job_id) is not None
        ]
        assert not holding
        assert not client.hexists("orchestrator:tags", job_id)
