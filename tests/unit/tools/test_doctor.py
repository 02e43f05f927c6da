"""Findings of the doctor about settings, Redis and limits."""

import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.pipeline import SERVICES
from orchestrator.settings import ServiceSettings
from tests.support.jobs import make_settings
from tools.doctor.finding import Finding, Verdict
from tools.doctor.machine import examine_descriptors, examine_disk
from tools.doctor.redis_server import examine_clock, examine_info, examine_latency
from tools.doctor.settings import examine_settings

_MIB = 1024 * 1024
_LOCAL: dict[str, Any] = {"host": "127.0.0.1"}
_INFO = {
    "redis_version": "7.2.4",
    "role": "master",
    "aof_enabled": 1,
    "aof_last_write_status": "ok",
    "maxmemory_policy": "noeviction",
    "maxmemory": 100 * _MIB,
    "used_memory": 10 * _MIB,
    "connected_clients": 10,
    "maxclients": 10_000,
}


def services(**facts: Any) -> dict[str, ServiceSettings]:
    known: dict[str, Any] = {"url": "http://localhost:1", "timeout": 60.0} | facts
    return {service.name: ServiceSettings(**known) for service in SERVICES.values()}


def bad(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict is not Verdict.WELL]


def test_the_defaults_contradict_nothing() -> None:
    (finding,) = examine_settings(make_settings(**_LOCAL))
    assert finding.verdict is Verdict.WELL


@pytest.mark.parametrize(
    ("changed", "verdict", "named"),
    [
        ({"job_timeout_minutes": 10}, "problem", "MINUTES to 30 .*ATTEMPTS to 200"),
        ({"services": services(timeout=1800)}, "problem", "VIDEO_DOWNLOADER_TIMEOUT"),
        ({"poll_wait_s": 60}, "problem", "POLL_WAIT_SECONDS to 20"),
        ({"poll_wait_s": 90, "turn_s": 300}, "warning", "POLL_WAIT_SECONDS to 20"),
        ({"http_max_retries": 8}, "warning", "HTTP_MAX_RETRIES"),
        ({"heartbeat_ttl_s": 6}, "problem", "REDIS_TIMEOUT_SECONDS below 4"),
        ({"redis_timeout_s": 5}, "warning", "REDIS_TIMEOUT_SECONDS to 4"),
        ({"shutdown_transfer_s": 60}, "warning", "SHUTDOWN_TRANSFER_SECONDS to 25"),
        ({"max_queued_jobs": 100}, "warning", "MAX_QUEUED_JOBS"),
        ({"host": "192.0.2.1"}, "warning", "make key"),
        ({"environment": "production"}, "problem", "make key"),
        ({"allow_private_addresses": True}, "warning", "remove it"),
        ({"services": services(url="http://elsewhere:1")}, "warning", "SERVICE_TOKEN"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_found_and_how_to_mend_it(
    changed: dict[str, Any], verdict: str, named: str
) -> None:
    found = bad(examine_settings(make_settings(**(_LOCAL | changed))))
    assert {finding.verdict for finding in found} == {verdict}
    assert any(re.search(named, finding.advice) or named in finding.fact for finding in found)


def test_a_private_network_that_is_open_in_production_is_a_problem() -> None:
    settings = make_settings(**_LOCAL, environment="production", allow_private_addresses=True)
    assert [finding.verdict for finding in bad(examine_settings(settings))] == ["problem"] * 2


@pytest.mark.parametrize(
    ("told", "verdict", "advice"),
    [
        ({"redis_version": "6.0.16"}, "problem", "6.2"),
        ({"role": "slave"}, "problem", "primary"),
        ({"aof_enabled": 0}, "problem", "appendonly yes"),
        ({"aof_last_write_status": "err"}, "problem", "disk"),
        ({"maxmemory_policy": "allkeys-lru"}, "problem", "noeviction"),
        ({"maxmemory_policy": "volatile-ttl", "maxmemory": 0}, "warning", "noeviction"),
        ({"used_memory": 85 * _MIB}, "warning", "raise maxmemory"),
        ({"used_memory": 99 * _MIB}, "problem", "raise maxmemory"),
        ({"maxmemory": 0, "total_system_memory": 11 * _MIB}, "warning", "CACHE_TTL_HOURS"),
        ({"connected_clients": 9000}, "warning", "maxclients"),
    ],
)
def test_a_sick_redis_is_told_what_to_change(
    told: dict[str, Any], verdict: str, advice: str
) -> None:
    (finding,) = bad(list(examine_info(_INFO | told)))
    assert finding.verdict == verdict
    assert advice in finding.advice


def test_a_redis_that_is_well_has_its_name_told() -> None:
    findings = list(examine_info(_INFO | {"valkey_version": "9.1.2"}))
    assert not bad(findings)
    assert findings[0].fact == "Valkey 9.1.2"


@pytest.mark.parametrize(("took_ms", "verdict"), [(0.3, "well"), (8, "warning"), (80, "problem")])
def test_a_redis_that_is_far_away_is_noticed(took_ms: float, verdict: str) -> None:
    assert examine_latency([took_ms] * 19 + [500]).verdict == verdict


@pytest.mark.parametrize(
    ("ahead_s", "verdict", "word"),
    [(0.1, "well", "ahead"), (-1, "well", "behind"), (3600, "warning", "ahead")],
)
def test_clocks_that_differ_are_noticed(ahead_s: float, verdict: str, word: str) -> None:
    finding = examine_clock(ahead_s)
    assert finding.verdict == verdict
    assert word in finding.fact


@pytest.mark.parametrize(
    ("allowed", "verdict"), [(500, "problem"), (1024, "warning"), (20_000, "well")]
)
def test_a_limit_of_open_files_that_is_too_low_is_noticed(allowed: int, verdict: str) -> None:
    assert examine_descriptors(make_settings(), allowed).verdict == verdict


def test_a_folder_that_is_yet_to_be_made_is_looked_for_above(tmp_path: Path) -> None:
    assert examine_disk("LOG_DIR", tmp_path / "a" / "b", 1, "why").verdict is Verdict.WELL


def test_a_disk_without_room_is_a_problem(tmp_path: Path) -> None:
    finding = examine_disk("UPLOADS_DIR", tmp_path, 2**60, "MAX_FILE_SIZE_MB")
    assert finding.verdict is Verdict.PROBLEM
    assert "MAX_FILE_SIZE_MB" in finding.fact


def test_a_folder_that_is_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    finding = examine_disk("LOG_DIR", tmp_path / "logs", 1, "why")
    assert finding.verdict is Verdict.PROBLEM
    assert "set LOG_DIR" in finding.advice
