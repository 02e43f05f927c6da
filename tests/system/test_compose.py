"""The images and Docker Compose: real jobs and failures."""

import json
from typing import Any

import pytest

from tests.support.composition import SERVICES, Composition
from tests.support.words import words
from tools.waiting import wait_until

# Building all images takes minutes where nothing is cached.
pytestmark = pytest.mark.timeout(3600)

_CLIPS = {
    "jfk.wav": "country",
    "sense_and_sensibility_01_austen_64kb-0880.wav": "young",
    "sense_and_sensibility_01_austen_64kb-0890.wav": "selfish",
}
_PATIENT_S = 60.0
_JOBS_PER_RESTART = 5


def _await_text(composition: Composition, job_id: str, word: str) -> dict[str, Any]:
    job = composition.await_end(job_id)
    reason = [job[f"error_{name}"] for name in ("stage", "code", "message")]
    assert job["status"] == "completed", (reason, job["stages"])
    assert word in words(job["transcription_text"])
    return job


def _inspect(composition: Composition) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        composition.docker("inspect", *composition.containers())
    )
    return found


def test_a_job_becomes_a_transcript_through_the_published_port(composition: Composition) -> None:
    job = _await_text(composition, composition.submit("jfk.wav"), "country")

    assert [stage["attempt"] for stage in job["stages"].values()] == [1, 1, 1]


def test_no_container_is_root_or_can_write_to_itself(composition: Composition) -> None:
    for container in _inspect(composition):
        host = container["HostConfig"]
        assert container["Config"]["User"] not in {"", "root", "0"}, container["Name"]
        assert host["ReadonlyRootfs"] or "clips" in container["Name"]
        assert host["Memory"] or "clips" in container["Name"]


def test_ports_are_published_on_loopback_only(composition: Composition) -> None:
    published = [
        binding["HostIp"]
        for container in _inspect(composition)
        for bindings in container["HostConfig"]["PortBindings"].values()
        for binding in bindings
    ]

    assert published
    assert set(published) == {"127.0.0.1"}


@pytest.mark.parametrize("tool", ["pip", "gcc", "curl"])
def test_images_hold_no_build_tools(composition: Composition, tool: str) -> None:
    for service in ("orchestrator", "flower", *SERVICES.values()):
        has = f"command -v {tool} || python -c 'import {tool}' 2>/dev/null || echo absent"
        assert composition.compose("exec", "-T", service, "sh", "-c", has) == "absent\n"


def test_who_reads_what_strangers_send_reaches_nothing_outside(composition: Composition) -> None:
    (container,) = composition.containers("audio-normalization-celery")
    _, *routes = composition.docker("exec", container, "cat", "/proc/net/route").splitlines()

    assert routes
    assert "00000000" not in {route.split()[1] for route in routes}, "a way outside"


def test_secrets_come_from_files_and_are_in_no_environment(composition: Composition) -> None:
    stranger = composition.call("GET", "/jobs", "audio-transcriber", key="guessed")
    assert stranger.status_code == 401
    assert composition.call("GET", "/jobs", key="guessed").status_code == 401

    environments = [container["Config"]["Env"] for container in _inspect(composition)]
    assert not [value for value in composition.secrets.values() if value in str(environments)]


def test_a_change_in_orchestrator_env_counts_after_a_restart(composition: Composition) -> None:
    body = {"youtube_url": "http://clips.test:8080/jfk.wav?restart"}
    composition.configure(ALLOWED_SOURCES="elsewhere.test")
    composition.restart("orchestrator")
    try:
        assert composition.call("POST", "/pipeline", json=body).status_code == 422
    finally:
        composition.configure(ALLOWED_SOURCES="clips.test")
        composition.restart("orchestrator")


def test_the_jobs_of_a_killed_worker_are_done_by_another(composition: Composition) -> None:
    jobs = [composition.submit(f"jfk.wav?killed={number}") for number in range(4)]
    victim = _await_owner(composition)
    composition.docker("kill", victim)
    try:
        for job_id in jobs:
            _await_text(composition, job_id, "country")
        kinds = [_event_types(composition, job_id) for job_id in jobs]
        assert any("recovered" in types for types in kinds)
    finally:
        composition.up()


def _await_owner(composition: Composition) -> str:
    """Wait until a worker has a job; return the id of its container."""
    containers = composition.containers("orchestrator-celery")
    owners: list[str] = []

    def look() -> bool:
        keys = composition.redis("KEYS", "orchestrator:leases:*")
        names = [key.split(":")[2] for key in keys]
        owners[:] = [c for c in containers if any(c.startswith(name) for name in names)]
        return bool(owners)

    wait_until(look, timeout_s=_PATIENT_S, what="a worker with a job")
    return owners[0]


def _event_types(composition: Composition, job_id: str) -> list[str]:
    history = composition.call("GET", f"/jobs/{job_id}/events").json()
    return [entry["type"] for entry in history["events"]]


def test_jobs_outlive_a_redis_that_was_cut_off_the_network(composition: Composition) -> None:
    jobs = [composition.submit(f"jfk.wav?cut={number}") for number in range(4)]
    composition.cut_redis_off()
    try:
        wait_until(
            lambda: composition.call("GET", "/health/ready").status_code == 503,
            timeout_s=_PATIENT_S,
            what="the API to notice",
        )
    finally:
        composition.join_redis()

    for job_id in jobs:
        _await_text(composition, job_id, "country")
    composition.await_health()


def test_fifty_jobs_outlive_a_restart_of_everything(composition: Composition) -> None:
    before = {service: _count_remote_jobs(composition, service) for service in SERVICES.values()}
    expected: dict[str, str] = {}
    for place, service in enumerate(_restartable(composition)):
        for number in range(_JOBS_PER_RESTART):
            clip, word = list(_CLIPS.items())[number % len(_CLIPS)]
            expected[composition.submit(f"{clip}?restart={place}.{number}")] = word
        composition.restart(service)

    assert len(expected) >= 50
    ended = [_await_text(composition, job_id, word) for job_id, word in expected.items()]
    for stage, service in SERVICES.items():
        assert len({job["stages"][stage]["job_id"] for job in ended}) == len(ended)
        attempts = sum(job["stages"][stage]["attempt"] for job in ended)
        assert _count_remote_jobs(composition, service) - before[service] == attempts


def _restartable(composition: Composition) -> list[str]:
    """Return all services except the videos' site, frontend first."""
    names = composition.compose("config", "--services").split()
    return sorted(set(names) - {"clips"}, key=lambda name: (name != "orchestrator", name))


def _count_remote_jobs(composition: Composition, service: str) -> int:
    stats = composition.call("GET", "/admin/stats", service=service).json()
    return int(stats["jobs"]["total"])
