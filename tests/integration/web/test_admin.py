"""The operator routes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import requests

from tests.support.fake_service import Role
from tests.support.orchestrator import Orchestrator
from tests.support.redis_server import RedisServer
from tools.waiting import wait_until


@pytest.fixture(scope="module")
def own_orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    """An orchestrator whose jobs may be removed."""
    with (
        RedisServer() as server,
        Orchestrator(
            tmp_path_factory.mktemp("admin"), server, services={"stage_s": 0.1}
        ) as orchestrator,
    ):
        yield orchestrator


def send_file(orchestrator: Orchestrator) -> str:
    """Upload a file and return its job's id."""
    address, files = f"{orchestrator.address}/pipeline", {"file": ("a.wav", b"RIFF")}
    answer = requests.post(address, files=files, timeout=10)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def test_stats_report_counts_and_settings(own_orchestrator: Orchestrator) -> None:
    job_id = own_orchestrator.submit("counted")
    own_orchestrator.await_status(job_id, "completed")
    stats = own_orchestrator.get("/admin/stats")
    assert stats["orchestrator"] == {"version": "1.0.0", "environment": "development"}
    assert stats["redis"]["total_jobs"] >= stats["redis"]["completed_jobs"] >= 1
    assert stats["redis"]["active_jobs"] == 0
    assert re.fullmatch(r"\d+\.\dMB", stats["redis"]["memory_usage"])
    assert stats["settings"] == {
        "cache_ttl_hours": 24,
        "job_timeout_minutes": 60,
        "poll_interval": 3,
        "max_poll_attempts": 600,
    }


def test_cleanup_removes_finished_jobs_only(
    own_orchestrator: Orchestrator,
) -> None:
    ended = own_orchestrator.submit("ended")
    own_orchestrator.await_status(ended, "completed")
    uploads, upload = Path(own_orchestrator.environment["UPLOADS_DIR"]), send_file(own_orchestrator)
    own_orchestrator.await_status(upload, "completed")
    assert (uploads / upload).exists()
    own_orchestrator.services[Role.DOWNLOADER].control(hold=True)
    running = own_orchestrator.submit("running")

    assert own_orchestrator.post("/admin/cleanup").json()["jobs_removed"] == 0, "younger than 24 h"
    report = own_orchestrator.post("/admin/cleanup?max_age_hours=0").json()
    own_orchestrator.services[Role.DOWNLOADER].control(hold=False)

    assert not (uploads / upload).exists(), "the job's file is deleted with it"
    assert report["message"] == "Cleanup executado com sucesso"
    assert report["jobs_removed"] >= 1
    assert report["logs_cleaned"] is False
    assert own_orchestrator.get(f"/jobs/{ended}")["code"] == "job_not_found"
    assert own_orchestrator.await_status(running, "completed")["status"] == "completed"


def test_deep_cleanup_empties_the_log(own_orchestrator: Orchestrator) -> None:
    log = Path(own_orchestrator.environment["LOG_DIR"], "orchestrator.log")
    own_orchestrator.await_status(own_orchestrator.submit("logged"), "completed")
    assert "Starting pipeline" in log.read_text()
    report = own_orchestrator.post("/admin/cleanup?deep=true").json()
    assert report["logs_cleaned"] is True
    assert "Starting pipeline" not in log.read_text()

    job_id = own_orchestrator.submit("logged-again")
    own_orchestrator.await_status(job_id, "completed")
    assert log.read_text().startswith("20"), "the file starts with a complete line"


def test_cleanup_rejects_a_negative_age(own_orchestrator: Orchestrator) -> None:
    answer = own_orchestrator.post("/admin/cleanup?max_age_hours=-1")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "query:max_age_hours"


def test_factory_reset_removes_only_our_data(
    own_orchestrator: Orchestrator,
) -> None:
    own_orchestrator.await_status(own_orchestrator.submit("done"), "completed")
    own_orchestrator.services[Role.DOWNLOADER].control(hold=True)
    running = own_orchestrator.submit("cut-off")
    own_orchestrator.await_status(running, "downloading")
    own_orchestrator.services[Role.TRANSCRIBER].kill()
    with redis.Redis.from_url(own_orchestrator.redis_server.url) as client:
        client.set("somebody:else", "kept")
        uploads, upload = (
            Path(own_orchestrator.environment["UPLOADS_DIR"]),
            send_file(own_orchestrator),
        )
        (uploads / "0123456789abcdef").write_bytes(b"RIFF")
        assert (uploads / upload).exists()
        report = own_orchestrator.post("/admin/factory-reset").json()
        own_orchestrator.services[Role.DOWNLOADER].control(hold=False)

        assert report["message"] == "Factory reset executado em todos os serviços"
        assert report["orchestrator"]["jobs_removed"] >= 2
        assert report["orchestrator"]["logs_cleaned"] is True
        assert report["microservices"]["video-downloader"]["status"] == "success"
        assert "files_removed" in report["microservices"]["audio-normalization"]["data"]
        assert report["microservices"]["audio-transcriber"]["status"] == "error"
        assert client.get("somebody:else") == b"kept"
        left = [path.name for path in uploads.iterdir()]
        assert left == ["0123456789abcdef"], (
            "a recent file may belong to a job that is being submitted"
        )
        assert own_orchestrator.get("/jobs")["total"] == 0
        wait_until(
            lambda: not list(client.scan_iter("orchestrator:job:*")), timeout_s=5, what="no job"
        )

    own_orchestrator.services[Role.TRANSCRIBER].start()
    job_id = own_orchestrator.submit("afterwards")
    assert own_orchestrator.await_status(job_id, "completed")["status"] == "completed"
