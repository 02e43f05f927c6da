"""Each service refuses or fails jobs with the codes of the contract."""

import http.client
import re
import socket
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from services.normalizer.isolation import SPLEETER
from services.transcriber.encoder_file import ENCODER
from tests.support.media_server import MediaServer
from tests.support.models import require_model
from tests.support.service_cases import MAX_FILE_SIZE_MB, SAMPLES, upload
from tests.support.services import ServiceProcesses, as_object

pytest_plugins = ["tests.support.service_fixtures"]

BOUNDARY = "a-boundary"
MEMORY_ALLOWANCE_KB = 32 * 1024


@pytest.fixture
def downloader(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["downloader"]


@pytest.fixture
def normalizer(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["normalizer"]


@pytest.fixture
def transcriber(services: dict[str, ServiceProcesses]) -> ServiceProcesses:
    return services["transcriber"]


def find_failure(service: ServiceProcesses, url: str) -> tuple[str, bool]:
    """Return the code and the class of a failed download."""
    job = service.follow(service.submit(json={"url": url})["id"])
    assert job["status"] == "failed", job
    assert job["error"]
    return job["error_code"], job["retryable"]


def test_a_dead_link_is_a_permanent_failure(
    downloader: ServiceProcesses, media: MediaServer
) -> None:
    assert find_failure(downloader, f"{media.url}/none.wav") == ("video_unavailable", False)


def test_a_page_without_a_video_is_a_permanent_failure(
    downloader: ServiceProcesses, media: MediaServer
) -> None:
    assert find_failure(downloader, f"{media.url}/") == ("unsupported_url", False)


def test_a_site_that_is_down_may_be_tried_again(downloader: ServiceProcesses) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, and nobody listens
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/clip.wav"
        assert find_failure(downloader, url) == ("source_unreachable", True)


def test_a_video_that_is_too_large_is_not_downloaded(
    downloader: ServiceProcesses, media: MediaServer
) -> None:
    assert find_failure(downloader, f"{media.url}/huge.wav") == ("file_too_large", False)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://127.0.0.1/a.wav", "clip.wav", "http:"]
)
def test_a_url_that_is_not_http_is_refused(downloader: ServiceProcesses, url: str) -> None:
    response = downloader.call("POST", "/jobs", json={"url": url})
    assert (response.status_code, response.json()["code"]) == (422, "unsupported_url")


def test_an_unknown_quality_is_refused_with_its_pointer(downloader: ServiceProcesses) -> None:
    response = downloader.call("POST", "/jobs", json={"url": "http://a/b", "quality": "8k"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/quality"


def test_a_download_has_a_filename_and_a_title(
    downloader: ServiceProcesses, media: MediaServer
) -> None:
    job = downloader.follow(downloader.submit(json={"url": f"{media.url}/jfk.wav"})["id"])
    assert (job["filename"], job["details"]["title"]) == ("jfk.wav", "jfk")
    answer = downloader.call("GET", f"/jobs/{job['id']}/download")
    assert answer.content == (SAMPLES / "jfk.wav").read_bytes()


@pytest.mark.parametrize("name", ["normalizer", "transcriber"])
def test_a_file_that_is_not_audio_is_a_permanent_failure(
    services: dict[str, ServiceProcesses], name: str, tmp_path: Path
) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("these are words, but nobody speaks them")
    job = services[name].follow(services[name].submit(**upload(path))["id"])
    assert (job["status"], job["error_code"], job["retryable"]) == ("failed", "not_audio", False)


def test_a_form_without_a_file_is_refused(normalizer: ServiceProcesses) -> None:
    form = {"files": {"remove_noise": (None, "true")}}
    response = normalizer.call("POST", "/jobs", **form)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("package", "field", "extra"),
    [
        ("services.normalizer", "isolate_vocals", "[vocals]"),
        ("services.transcriber", "diarize", "[diarize]"),
    ],
)
def test_what_is_not_installed_is_refused_with_what_to_install(
    redis_url: str, tmp_path: Path, package: str, field: str, extra: str
) -> None:
    models = {"MODELS_DIR": str(tmp_path / "models")}
    with ServiceProcesses(
        package, redis_url, tmp_path, has_worker=False, environment=models
    ) as service:
        response = service.call("POST", "/jobs", **upload(SAMPLES / "jfk.wav", **{field: "true"}))
        assert (response.status_code, response.json()["code"]) == (422, "model_unavailable")
        assert extra in response.json()["detail"]
        assert service.list_files() == []


def test_speakers_are_named_where_that_is_installed(transcriber: ServiceProcesses) -> None:
    require_model(ENCODER)
    form = upload(SAMPLES / "jfk.wav", diarize="true")
    job = transcriber.follow(transcriber.submit(**form)["id"])
    answer = as_object(transcriber.call("GET", f"/jobs/{job['id']}/transcription"))
    assert {segment["speaker"] for segment in answer["segments"]} == {"SPEAKER_00"}
    assert "voice" not in answer["segments"][0]


def test_vocals_are_isolated_where_it_is_installed(normalizer: ServiceProcesses) -> None:
    require_model(SPLEETER)
    form = upload(SAMPLES / "jfk.wav", isolate_vocals="true")
    job = normalizer.follow(normalizer.submit(**form)["id"])
    assert (job["status"], job["details"]["vocals_isolated"]) == ("completed", True)


def test_an_unknown_language_is_refused(transcriber: ServiceProcesses) -> None:
    form = upload(SAMPLES / "jfk.wav", language_in="xx")
    response = transcriber.call("POST", "/jobs", **form)
    assert (response.status_code, response.json()["code"]) == (422, "unsupported_language")


def test_a_refused_upload_leaves_no_file(normalizer: ServiceProcesses) -> None:
    before = normalizer.list_files()
    normalizer.call("POST", "/jobs", **upload(SAMPLES / "jfk.wav", output_format="mp3"))
    assert normalizer.list_files() == before


def test_a_transcript_is_served_as_text_segments_and_subtitles(
    transcriber: ServiceProcesses,
) -> None:
    form = upload(SAMPLES / "jfk.wav") | {"headers": {"Idempotency-Key": "done"}}
    job = transcriber.follow(transcriber.submit(**form)["id"])
    path = f"/jobs/{job['id']}"
    text = as_object(transcriber.call("GET", f"{path}/text"))["text"]
    transcription = as_object(transcriber.call("GET", f"{path}/transcription"))
    subtitles = transcriber.call("GET", f"{path}/download")
    assert "ask not what your country can do for you" in text
    assert transcription["full_text"] == text
    assert transcription["detected_language"] == "en"
    assert {"text", "start", "end", "duration"} <= transcription["segments"][0].keys()
    assert re.match(r"1\r?\n\d\d:\d\d:\d\d,\d\d\d --> ", subtitles.text)
    assert job["filename"].endswith(".srt")


def test_the_transcriber_lists_its_languages(transcriber: ServiceProcesses) -> None:
    answer = as_object(transcriber.call("GET", "/languages"))
    assert {"code": "pt", "name": "Portuguese"} in answer["languages"]
    assert {"from": "pt", "to": "en"} in answer["translations"]
    require_model(ENCODER)
    assert answer["diarize"] is True


def test_the_normalizer_says_whether_it_isolates_vocals(normalizer: ServiceProcesses) -> None:
    require_model(SPLEETER)
    answer = as_object(normalizer.call("GET", "/capabilities"))
    assert answer == {"isolate_vocals": True}


def test_an_upload_that_is_too_large_is_refused_unread(normalizer: ServiceProcesses) -> None:
    status_code, problem = post_zeros(normalizer, (MAX_FILE_SIZE_MB + 2) << 20, sent_bytes=0)
    assert status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert b"file_too_large" in problem


def test_the_memory_of_the_api_does_not_grow_with_an_upload(normalizer: ServiceProcesses) -> None:
    before_kb = read_peak_memory_kb(normalizer)
    size_bytes = (MAX_FILE_SIZE_MB - 1) << 20
    status_code, job = post_zeros(normalizer, size_bytes, sent_bytes=size_bytes)
    assert status_code == HTTPStatus.ACCEPTED, job
    assert read_peak_memory_kb(normalizer) - before_kb < MEMORY_ALLOWANCE_KB


def post_zeros(service: ServiceProcesses, size_bytes: int, *, sent_bytes: int) -> tuple[int, bytes]:
    """Upload zeros, or send only the headers; return the status and the body of the response."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="z"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.putrequest("POST", "/jobs")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
    connection.putheader("Content-Length", str(len(head) + size_bytes + len(tail)))
    connection.endheaders(head)
    for _ in range(sent_bytes >> 20):
        connection.send(bytes(1 << 20))
    if sent_bytes == size_bytes:
        connection.send(tail)
    response = connection.getresponse()
    body = response.read() if sent_bytes else response.peek()
    connection.close()
    return response.status, body


def read_peak_memory_kb(service: ServiceProcesses) -> int:
    """Return the peak memory of the API's processes."""
    master = service.processes["api"].pid
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    return max(_read_peak(pid) for pid in children)


def _read_peak(pid: Any) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0])
