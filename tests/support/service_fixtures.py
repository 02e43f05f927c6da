"""Fixtures of the services, which run once per session.

A test module that needs them says ``pytest_plugins = ["tests.support.service_fixtures"]``.
"""

import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.media_server import MediaServer
from tests.support.redis_server import RedisServer
from tests.support.service_cases import EXAMPLE_MAX_QUEUE, MAX_FILE_SIZE_MB, SAMPLES, Case, upload
from tests.support.services import ServiceProcesses

LONG_SPEECH_TIMES = 20
SOME_SPEECH_TIMES = 4


@pytest.fixture(scope="session")
def media() -> Iterator[MediaServer]:
    """The samples on a web server."""
    with MediaServer(SAMPLES) as server:
        yield server


@pytest.fixture(scope="session")
def service_redis() -> Iterator[RedisServer]:
    """A Redis server that other tests do not flush."""
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="session")
def services(
    service_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, ServiceProcesses]]:
    """Every service by name."""
    packages = {
        "downloader": "services.downloader",
        "normalizer": "services.normalizer",
        "transcriber": "services.transcriber",
        "example": "tests.support.example_service",
    }
    running = {
        name: ServiceProcesses(
            package,
            service_redis.url,
            tmp_path_factory.mktemp(name),
            environment={
                "ALLOW_PRIVATE_ADDRESSES": "true",  # the videos are on this machine
                "MAX_QUEUE": str(EXAMPLE_MAX_QUEUE),
                "MAX_FILE_SIZE_MB": str(MAX_FILE_SIZE_MB),
            },
        )
        for name, package in packages.items()
    }
    with ExitStack() as stack:
        for service in running.values():
            service.start()
            stack.callback(service.stop)
        for service in running.values():  # before the first stop waits
            stack.callback(service.terminate)
        for service in running.values():
            service.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def long_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Minutes of speech, for long jobs of normalizer and transcriber."""
    return repeat_clip(tmp_path_factory.mktemp("speech") / "long.wav", LONG_SPEECH_TIMES)


@pytest.fixture(scope="session")
def some_speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech that is longer than one of the transcriber's 30 s windows."""
    return repeat_clip(tmp_path_factory.mktemp("speech") / "some.wav", SOME_SPEECH_TIMES)


def repeat_clip(path: Path, times: int) -> Path:
    """Write repetitions of a clip."""
    with wave.open(str(SAMPLES / "jfk.wav")) as clip, wave.open(str(path), "wb") as repeated:
        repeated.setparams(clip.getparams())
        repeated.writeframes(clip.readframes(clip.getnframes()) * times)
    return path


@pytest.fixture(params=["downloader", "normalizer", "transcriber"])
def case(
    request: pytest.FixtureRequest,
    services: dict[str, ServiceProcesses],
    media: MediaServer,
    long_speech: Path,
    some_speech: Path,
) -> Case:
    """Each of the three services in turn."""
    name: str = request.param
    prefix = {"downloader": "dl_", "normalizer": "norm_", "transcriber": "trans_"}[name]
    service = services[name]
    if name == "downloader":
        return Case(
            service,
            prefix,
            quick=lambda: {"json": {"url": f"{media.url}/jfk.wav", "quality": "audio"}},
            other=lambda: {"json": {"url": f"{media.url}/pt_pangrama.wav"}},
            brief=lambda: {"json": {"url": f"{media.url}/none.wav"}},
            long=lambda: {"json": {"url": f"{media.url}/drip.wav"}},
            slow=lambda: {"json": {"url": f"{media.url}/slow/jfk.wav"}},
        )
    return Case(
        service,
        prefix,
        quick=lambda: upload(SAMPLES / "jfk.wav"),
        other=lambda: upload(SAMPLES / "pt_pangrama.wav"),
        brief=lambda: upload(SAMPLES / "README.md"),
        long=lambda: upload(long_speech),
        slow=lambda: upload(long_speech if name == "normalizer" else some_speech),
    )
