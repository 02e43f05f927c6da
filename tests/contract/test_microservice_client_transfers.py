"""Audio is passed on completely or not at all, and is never wholly in memory."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.errors import RemoteJobLostError, ServiceError, ServiceUnavailableError
from orchestrator.microservice import MicroserviceClient
from tests.support.client import make_client, source_of
from tests.support.fake_service import (
    FakeService,
    Fault,
    FaultPlan,
    Submission,
    downloaded,
)
from tests.support.raw_server import Play, RawServer, answer, drip

URL = "http://video.test/a"
AUDIO = downloaded(URL)
FIELDS = {"remove_noise": "true", "convert_to_mono": "false"}
SLOW_PIECE = b"x" * 10
_LARGE_BYTES = 300_000_000
_GROWTH_BYTES = 32_000_000
# Measured where nothing else of the tests runs: how much the process grows while it transfers.
_MEASURE = """
import sys
from tests.support.client import make_client, source_of

def read_kb(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))

source_url, target_url, small_id, large_id = sys.argv[1:]
source, target = make_client(source_url), make_client(target_url)
target.submit({}, idempotency_key="small", source=source_of(source, small_id))
before = read_kb("VmRSS:")
target.submit({}, idempotency_key="large", source=source_of(source, large_id))
print((read_kb("VmHWM:") - before) * 1024)
"""


@pytest.fixture
def source() -> Iterator[FakeService]:
    with FakeService("downloader", stage_s=0) as service:
        yield service


@pytest.fixture
def target() -> Iterator[FakeService]:
    with FakeService("normalizer", stage_s=0) as service:
        yield service


def make_audio(service: FakeService, url: str = URL) -> str:
    """Return a finished download."""
    poll = make_client(service.url).submit({"url": url}, idempotency_key=url)
    assert poll.job is not None
    return poll.job.job_id


def hand_over(
    source: MicroserviceClient, target: MicroserviceClient, audio_id: str, key: str = "key"
) -> None:
    target.submit(FIELDS, idempotency_key=key, source=source_of(source, audio_id))


def received(target: FakeService) -> list[Submission]:
    return target.ledger().submissions


def always(fault: Fault, *, times: int) -> FaultPlan:
    return FaultPlan(rates={fault: 1.0}, most_of_a_kind=times)


def test_audio_arrives_whole_with_its_fields_and_key(
    source: FakeService, target: FakeService
) -> None:
    audio_id = make_audio(source)
    hand_over(make_client(source.url), make_client(target.url), audio_id)
    (submission,) = received(target)
    assert submission.upload_sha256 == AUDIO.sha256()
    assert submission.upload_bytes == AUDIO.size_bytes
    assert submission.fields == FIELDS
    assert submission.idempotency_key == "key"


def test_the_length_of_the_audio_is_passed_on(source: FakeService) -> None:
    audio_id = make_audio(source)
    with RawServer(answer(b'{"id": "norm_1", "status": "queued"}')) as target:
        hand_over(make_client(source.url), make_client(target.url), audio_id)
        (headers,) = target.headers
    assert int(headers["content-length"]) > AUDIO.size_bytes
    assert "transfer-encoding" not in headers


def test_the_artifact_has_the_name_that_its_service_gives(source: FakeService) -> None:
    audio_id = make_audio(source)
    with source_of(make_client(source.url), audio_id)() as artifact:
        assert artifact.filename == f"{audio_id}.webm"
        assert artifact.length_bytes == AUDIO.size_bytes


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="a b.webm"', "a b.webm"),
        ("attachment; filename*=UTF-8''Ol%C3%A1.webm", "Olá.webm"),
        ("attachment; filename=\"Ola.webm\"; filename*=UTF-8''Ol%C3%A1.webm", "Olá.webm"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\music\\\\a.webm"', "a.webm"),
        ('attachment; filename="dir/"', "audio"),
        ("attachment", "audio"),
        ("", "audio"),
    ],
)
def test_a_filename_is_taken_without_any_folder(header: str, name: str) -> None:
    with (
        RawServer(answer(b"x", headers={"Content-Disposition": header})) as server,
        source_of(make_client(server.url), "x")() as artifact,
    ):
        assert artifact.filename == name


@pytest.mark.parametrize("fault", [Fault.CORRUPTED, Fault.TRUNCATED], ids=str)
def test_damaged_audio_is_fetched_again_from_its_source(
    source: FakeService, target: FakeService, fault: Fault
) -> None:
    audio_id = make_audio(source)
    source.control(faults=always(fault, times=2))
    hand_over(make_client(source.url), make_client(target.url), audio_id)
    (submission,) = received(target)
    assert submission.upload_sha256 == AUDIO.sha256()
    assert source.ledger().submissions[0].downloads == 3


@pytest.mark.parametrize("fault", [Fault.CORRUPTED, Fault.TRUNCATED], ids=str)
def test_damaged_audio_is_never_passed_on(
    source: FakeService, target: FakeService, fault: Fault
) -> None:
    audio_id = make_audio(source)
    source.control(faults=always(fault, times=1000))
    client = make_client(target.url, http_max_retries=2)
    with pytest.raises(ServiceUnavailableError):
        hand_over(make_client(source.url), client, audio_id)
    assert received(target) == []
    assert source.ledger().submissions[0].downloads == 3


def test_an_upload_that_fails_restarts_from_the_source(
    source: FakeService, target: FakeService
) -> None:
    audio_id = make_audio(source)
    target.control(faults=always(Fault.BROKEN_UPLOAD, times=2))
    hand_over(make_client(source.url), make_client(target.url), audio_id)
    (submission,) = received(target)
    assert submission.upload_sha256 == AUDIO.sha256()
    assert source.ledger().submissions[0].downloads == 3


def test_a_lost_response_to_an_upload_creates_no_second_job(
    source: FakeService, target: FakeService
) -> None:
    audio_id = make_audio(source)
    target.control(faults=always(Fault.LOST_REPLY, times=2))
    hand_over(make_client(source.url), make_client(target.url), audio_id)
    (submission,) = received(target)
    assert submission.replays == 2


def test_audio_that_is_gone_is_not_requested_again(
    source: FakeService, target: FakeService
) -> None:
    with pytest.raises(RemoteJobLostError):
        hand_over(make_client(source.url), make_client(target.url), "never_heard_of")
    assert source.ledger().unknown == 1
    assert received(target) == []


def head_of(length: int) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()


def cut_off(exchange_bytes: bytes) -> Play:
    """Return a play that ends in the middle of what it has announced."""
    return lambda exchange: exchange.send(exchange_bytes)


BROKEN = {
    "cut off in the middle": cut_off(head_of(100_000) + bytes(50_000)),
    "chunked and cut off in a chunk": cut_off(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf"
    ),
    "chunked and cut off between chunks": cut_off(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
    ),
    "chunked with a length that is none": cut_off(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nmany\r\nbytes\r\n0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("play", BROKEN.values(), ids=BROKEN)
def test_truncated_audio_is_never_passed_on(target: FakeService, play: Play) -> None:
    with RawServer(play) as source:
        client = make_client(target.url, http_max_retries=1)
        with pytest.raises(ServiceUnavailableError):
            hand_over(make_client(source.url), client, "x")
        assert len(source.lines) == 2
    assert received(target) == []


def test_audio_of_unknown_length_is_passed_on_in_chunks(target: FakeService) -> None:
    body = b"5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"
    play = cut_off(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    with RawServer(play) as source:
        hand_over(make_client(source.url), make_client(target.url), "x")
    (submission,) = received(target)
    assert submission.upload_bytes == len(b"firstsecond")


@pytest.mark.parametrize("status", ["409 Conflict", "410 Gone", "403 Forbidden"])
def test_a_source_that_rejects_the_request_is_not_retried(target: FakeService, status: str) -> None:
    with RawServer(answer(b"{}", status=status)) as source:
        with pytest.raises(ServiceError):
            hand_over(make_client(source.url), make_client(target.url), "x")
        assert len(source.lines) == 1
    assert received(target) == []


SLOW = {
    "of known length": drip(head_of(1_000_000), SLOW_PIECE, every_s=0.05),
    "in one large chunk": drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", SLOW_PIECE, every_s=0.05
    ),
    "in many small chunks": drip(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"a\r\n" + SLOW_PIECE + b"\r\n",
        every_s=0.05,
    ),
}


@pytest.mark.parametrize("play", SLOW.values(), ids=SLOW)
def test_a_source_that_sends_too_slowly_is_aborted_at_the_limit_of_the_transfer(
    target: FakeService, play: Play
) -> None:
    with RawServer(play) as source:
        client = make_client(target.url, timeout=0.5, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError, match=r"longer than 0.5 s"):
            hand_over(make_client(source.url), client, "x")
        assert time.monotonic() - began < 3
    assert received(target) == []


def test_a_target_that_reads_nothing_times_out(source: FakeService) -> None:
    source.control(artifact_bytes=20_000_000)
    audio_id = make_audio(source, "http://video.test/large")
    with RawServer(lambda exchange: exchange.wait(60)) as target:
        client = make_client(target.url, status_timeout_s=0.5, http_max_retries=0)
        began = time.monotonic()
        with pytest.raises(ServiceUnavailableError):
            hand_over(make_client(source.url), client, audio_id)
        assert time.monotonic() - began < 5


def test_a_large_file_does_not_grow_the_process_that_passes_it_on(
    source: FakeService, target: FakeService
) -> None:
    small_id = make_audio(source)
    source.control(artifact_bytes=_LARGE_BYTES)
    large_id = make_audio(source, "http://video.test/large")
    measured = subprocess.run(
        [sys.executable, "-c", _MEASURE, source.url, target.url, small_id, large_id],
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
        text=True,
        timeout=60,
    )
    assert received(target)[-1].upload_bytes == _LARGE_BYTES
    assert int(measured.stdout) <= _GROWTH_BYTES
