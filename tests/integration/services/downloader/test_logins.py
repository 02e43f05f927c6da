"""A login in a URL is sent to its host only, and is never shown."""

import json
import logging
from base64 import b64encode
from collections.abc import Iterator

import pytest

from services.kit.jobs.job import Job
from tests.support.downloads import Downloads
from tests.support.odd_server import Answer, Answering, Asked, OddServer, whole
from tests.support.work_context import SAMPLES

pytest_plugins = ["tests.support.download_fixtures"]

CLIP = (SAMPLES / "jfk.wav").read_bytes()
SECRET = "s3cret/:pass"
QUOTED = "us%40er:s3cret%2F%3Apass"
HEADER = f"Basic {b64encode(f'us@er:{SECRET}'.encode()).decode()}"


def locked(answer: Answer) -> Answering:
    def check(asked: Asked) -> Answer:
        is_known = asked.headers.get("Authorization") == HEADER
        return answer if is_known else Answer(b"who are you?", 401)

    return check


@pytest.fixture
def other() -> Iterator[OddServer]:
    """Return another host, as far as logins are concerned: it has another port."""
    with OddServer() as server:
        yield server


def address(odd: OddServer, path: str) -> str:
    return f"http://{QUOTED}@{odd.netloc}{path}"


def shows_secret(text: str) -> bool:
    return any(each in text for each in ("s3cret", HEADER.split()[1], "us%40er", "us@er"))


def test_a_login_opens_a_file_and_is_shown_nowhere(
    odd: OddServer, download: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    odd.answers["/a.wav"] = locked(whole(CLIP, Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"))
    artifact = download(address(odd, "/a.wav"))
    assert artifact.path.read_bytes() == CLIP
    assert artifact.reuse_key is None
    shown = json.dumps([artifact.filename, dict(artifact.details), download.details])
    assert not shows_secret(shown)
    assert artifact.details["webpage_url"] == f"{odd.url}/a.wav"
    assert not shows_secret(caplog.text)


def test_a_wrong_login_fails_without_showing_it(
    odd: OddServer, download: Downloads, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    odd.answers["/a.wav"] = Answer(b"no", 401, {"WWW-Authenticate": 'Basic realm="x"'})
    assert download.fail(address(odd, "/a.wav")) == ("private_video", False)
    assert not shows_secret(download.message + caplog.text)


def test_a_login_opens_the_pieces_of_a_stream_on_its_host_only(
    odd: OddServer, other: OddServer, download: Downloads
) -> None:
    piece = b"G" + bytes(187)
    text = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\ns0.ts\n"
        f"#EXTINF:9,\n{other.url}/s1.ts\n#EXT-X-ENDLIST\n"
    )
    odd.answers["/a.m3u8"] = locked(whole(text.encode()))
    odd.answers["/s0.ts"] = locked(whole(piece))
    other.answers["/s1.ts"] = whole(piece)
    assert download(address(odd, "/a.m3u8")).path.read_bytes() == piece * 2
    assert not any("Authorization" in asked.headers for asked in other.asked)


def test_a_login_is_not_sent_to_another_host_after_a_redirect(
    odd: OddServer, other: OddServer, download: Downloads
) -> None:
    odd.answers["/go"] = locked(
        Answer(b"", 302, {"Location": f"{other.url}/a.wav", "Content-Length": "0"})
    )
    other.answers["/a.wav"] = whole(CLIP)
    assert download(address(odd, "/go")).path.read_bytes() == CLIP
    assert not any("Authorization" in asked.headers for asked in other.asked)


def test_a_login_that_a_list_names_is_used_and_not_shown(
    odd: OddServer, download: Downloads
) -> None:
    odd.answers["/list.m3u"] = whole(f"#EXTM3U\n{address(odd, '/a.wav')}\n".encode())
    odd.answers["/a.wav"] = locked(whole(CLIP))
    artifact = download(f"{odd.url}/list.m3u")
    assert artifact.path.read_bytes() == CLIP
    assert not shows_secret(json.dumps([artifact.filename, dict(artifact.details)]))


def test_a_job_shows_its_url_without_the_login() -> None:
    job = Job(
        id="dl_1", status="queued", progress=0, tag="", created_at="", updated_at="",
        options=json.dumps({"url": f"https://{QUOTED}@host.example/a?b=c", "quality": "audio"}),
    )  # fmt: skip
    assert job.to_object()["options"] == {
        "url": "https://host.example/a?b=c",
        "quality": "audio",
    }
    assert QUOTED in job.options["url"]  # the worker needs it
