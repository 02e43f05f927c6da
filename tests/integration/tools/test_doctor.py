"""The doctor at real set-ups, well and sick."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_service import FakeService, Role
from tests.support.raw_server import RawServer, answer
from tests.support.redis_server import RedisServer
from tests.support.services import ServiceProcesses
from tools.doctor.__main__ import main
from tools.ports import LOOPBACK, free_port

_ROOT = Path(__file__).parents[3]
_URLS = ("VIDEO_DOWNLOADER_URL", "AUDIO_NORMALIZATION_URL", "AUDIO_TRANSCRIBER_URL")
Examine = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """A Redis as it should be."""
    arguments = ["--maxmemory-policy", "noeviction", "--maxmemory", "100mb"]
    with RedisServer(aof=True, arguments=arguments) as running:
        yield running


@pytest.fixture(scope="module")
def service(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceProcesses]:
    """A service that is all there, and wants a token."""
    with ServiceProcesses(
        "tests.support.example_service",
        server.url,
        tmp_path_factory.mktemp("service"),
        environment={"SERVICE_TOKEN": "a-token"},
    ) as running:
        yield running


@pytest.fixture
def environment(server: RedisServer, service: ServiceProcesses, tmp_path: Path) -> dict[str, str]:
    """Settings under which all is well."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return inherited | {
        "REDIS_URL": server.url,
        "HOST": LOOPBACK,
        "SERVICE_TOKEN": "a-token",
        "LOG_DIR": str(tmp_path / "logs"),
        "UPLOADS_DIR": str(tmp_path / "uploads"),
        "MAX_FILE_SIZE_MB": "1",
        **dict.fromkeys(_URLS, service.url),
    }


@pytest.fixture
def examine(
    environment: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Examine:
    """Examines with some variables changed; returns the status and what was found."""

    def run(**changed: str) -> dict[str, Any]:
        monkeypatch.chdir(tmp_path)
        for name, value in (environment | changed).items():
            monkeypatch.setenv(name, value)
        status = main(["--json"])
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        assert told["healthy"] is (status == 0)
        return told

    return run


def problems(told: dict[str, Any], area: str) -> list[dict[str, str]]:
    return [one for one in told["findings"] if one["area"] == area and one["verdict"] != "well"]


def test_where_all_is_well_the_command_says_so_and_ends_with_0(
    environment: dict[str, str], tmp_path: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools.doctor"],
        check=False,
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("0 problems, 0 warnings\n")
    assert "problems with a code, probes, metrics" in ran.stdout


def test_a_redis_that_loses_jobs_is_a_problem(examine: Examine) -> None:
    sick = ["--maxmemory-policy", "allkeys-lru", "--maxmemory", "50mb"]
    with RedisServer(arguments=sick) as server:
        found = problems(examine(REDIS_URL=server.url), "redis")
    advice = " ".join(one["advice"] for one in found if one["verdict"] == "problem")
    assert "appendonly yes" in advice
    assert "noeviction" in advice


def test_a_redis_that_is_away_is_named_without_its_password(examine: Examine) -> None:
    told = examine(REDIS_URL=f"redis://:hunter2@{LOOPBACK}:{free_port()}/0")
    (finding,) = problems(told, "redis")
    assert finding["verdict"] == "problem"
    assert LOOPBACK in finding["fact"]
    assert "hunter2" not in json.dumps(told)


def test_a_redis_that_hangs_is_not_waited_for_long(examine: Examine) -> None:
    with RedisServer() as server:
        server.pause()
        began = time.monotonic()
        told = examine(REDIS_URL=server.url, REDIS_TIMEOUT_SECONDS="0.3")
        assert time.monotonic() - began < 4
    assert [one["verdict"] for one in problems(told, "redis")] == ["problem"]


def test_a_broker_of_its_own_is_looked_at_too(examine: Examine) -> None:
    told = examine(CELERY_BROKER_URL=f"redis://{LOOPBACK}:{free_port()}/0")
    (finding,) = problems(told, "broker")
    assert "CELERY_BROKER_URL" in finding["advice"]


def test_a_service_that_is_away_is_a_problem(examine: Examine) -> None:
    told = examine(AUDIO_TRANSCRIBER_URL=f"http://{LOOPBACK}:{free_port()}")
    (finding,) = problems(told, "audio-transcriber")
    assert "AUDIO_TRANSCRIBER_URL" in finding["advice"]
    assert not problems(told, "video-downloader")


def test_a_service_that_redirects_is_a_problem_that_names_where_to(examine: Examine) -> None:
    to = "https://user:hunter2@elsewhere.test/health?key=hunter2"
    with RawServer(answer(b"", status="308 Permanent Redirect", headers={"Location": to})) as one:
        told = examine(AUDIO_TRANSCRIBER_URL=one.url)
    finding, *_ = problems(told, "audio-transcriber")
    assert "redirects to https://elsewhere.test/health," in finding["fact"]
    assert "hunter2" not in json.dumps(told)


@pytest.mark.parametrize(
    ("variable", "value", "url"),
    [
        ("http_proxy", f"http://user:hunter2@{LOOPBACK}:9", "http://user:hunter2@a.test"),
        ("REQUESTS_CA_BUNDLE", "/no/such/file.pem", f"https://{LOOPBACK}:9"),
    ],
)
def test_what_the_environment_breaks_is_named(
    examine: Examine, variable: str, value: str, url: str
) -> None:
    changed = {"no_proxy": LOOPBACK, variable: value, "AUDIO_TRANSCRIBER_URL": url}
    told = examine(**changed)
    (finding,) = problems(told, "audio-transcriber")
    assert variable.upper() in finding["advice"]
    assert "hunter2" not in json.dumps(told)


def test_something_else_at_a_service_s_address_is_a_problem(
    examine: Examine, server: RedisServer
) -> None:
    told = examine(AUDIO_TRANSCRIBER_URL=f"http://{LOOPBACK}:{server.port}")
    assert [one["verdict"] for one in problems(told, "audio-transcriber")] == ["problem"]


def test_a_service_with_another_token_is_a_problem(examine: Examine) -> None:
    found = problems(examine(SERVICE_TOKEN="another"), "video-downloader")
    assert ["SERVICE_TOKEN" in one["advice"] for one in found] == [True]


def test_a_service_without_a_worker_is_a_problem(
    examine: Examine, server: RedisServer, tmp_path: Path
) -> None:
    with ServiceProcesses(
        "services.downloader", server.url, tmp_path / "lonely", has_worker=False
    ) as lonely:
        (finding,) = problems(examine(VIDEO_DOWNLOADER_URL=lonely.url), "video-downloader")
    assert "degraded" in finding["fact"]
    assert "start its worker" in finding["advice"]


def test_a_service_that_lacks_extensions_is_a_warning(examine: Examine) -> None:
    with FakeService(Role.DOWNLOADER, honours_wait=False) as plain:
        told = examine(VIDEO_DOWNLOADER_URL=plain.url)
    (finding,) = problems(told, "video-downloader")
    assert (finding["verdict"], told["healthy"]) == ("warning", True)
    assert "lacks metrics" in finding["fact"]


def test_a_setting_that_cannot_be_is_told_and_nothing_else_looked_at(examine: Examine) -> None:
    (finding,) = examine(POLL_INTERVAL="soon")["findings"]
    assert "POLL_INTERVAL" in finding["fact"]


def test_settings_that_contradict_each_other_are_a_problem(examine: Examine) -> None:
    (finding,) = problems(examine(JOB_TIMEOUT_MINUTES="5"), "settings")
    assert "MAX_POLL_ATTEMPTS to 100" in finding["advice"]


def test_a_disk_without_room_is_a_problem(examine: Examine) -> None:
    (finding,) = problems(examine(MAX_FILE_SIZE_MB=str(2**40)), "disk")
    assert "UPLOADS_DIR" in finding["fact"]
