"""A file from an unusual server is downloaded completely, or fails with the right code."""

import gzip
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path
from urllib.parse import quote

import pytest

from services.downloader.engine import Downloader, build_parameters
from services.downloader.settings import DownloaderSettings
from services.downloader.watch import Watch
from tests.support.downloads import Downloads, QuickSettings
from tests.support.odd_server import Answer, Answering, Asked, OddServer, chunks, ranged, whole
from tests.support.work_context import SAMPLES, RecordingReport

pytest_plugins = ["tests.support.download_fixtures"]

CLIP = (SAMPLES / "jfk.wav").read_bytes()
HALF = len(CLIP) // 2
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(range(256)) * 64
PAGE = b"<html><head><title>Login</title></head><body>please log in</body></html>"
AUDIO = {"Content-Type": "audio/wav"}
LENGTH = {**AUDIO, "Content-Length": str(len(CLIP))}
TAG = {"ETag": '"one"'}


def cut(asked: Asked) -> Answer:
    """Reset the connection after 100 kB, whatever is asked for, but honour ranges."""
    answer = ranged(CLIP, asked)
    assert isinstance(answer.body, bytes)
    return Answer(answer.body[:100_000], answer.status, answer.headers, is_reset=True)


def once(asked: Asked) -> Answer:
    return whole(CLIP) if asked.count == 1 else Answer(b"gone", 410)


def at_last(times: int, failure: Answer) -> Answering:
    """Fail some times, then answer well."""
    return lambda asked: failure if asked.count <= times else whole(CLIP)


WHOLE: dict[str, Answer | Answering] = {
    "no length": Answer(CLIP, headers=AUDIO),
    "chunked": Answer(chunks(CLIP), headers={**AUDIO, "Transfer-Encoding": "chunked"}),
    "compressed": whole(gzip.compress(CLIP), Content_Encoding="gzip"),
    "206 of all": Answer(CLIP, 206, {**LENGTH, "Content-Range": f"bytes 0-{len(CLIP) - 1}/*"}),
    "parts of its own choice": lambda asked: ranged(
        CLIP,
        Asked(asked.path, asked.count, {"Range": f"bytes={asked.first or 0}-"}),
        most=100_000,
    ),
    "resets, but goes on": cut,
    "resets twice, then all": at_last(2, Answer(CLIP[:HALF], headers=LENGTH, is_reset=True)),
    "closes early, then all": at_last(1, Answer(CLIP[:HALF], headers=LENGTH)),
    "another file meanwhile": lambda asked: (
        Answer(CLIP[::-1][:HALF], headers={**LENGTH, "ETag": '"old"'})
        if asked.count == 1
        else ranged(CLIP, asked, ETag='"new"')
    ),
    "wrong range, then all": lambda asked: (
        Answer(CLIP[:HALF], headers=LENGTH)
        if asked.count == 1
        else Answer(CLIP[:10], 206, {**AUDIO, "Content-Range": f"bytes 0-9/{len(CLIP)}"})
        if asked.first
        else whole(CLIP)
    ),
    "503 twice": at_last(2, Answer(b"later", 503)),
    "once": once,
}


@pytest.mark.parametrize("kind", WHOLE)
def test_the_file_is_complete_where_possible(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.wav"] = WHOLE[kind]
    assert download(f"{odd.url}/a.wav").path.read_bytes() == CLIP


CUT: dict[str, Answer | Answering] = {
    "closes early": Answer(CLIP[:HALF], headers=LENGTH),
    "always resets": Answer(CLIP[:HALF], headers=LENGTH, is_reset=True),
    "chunks without an end": Answer(
        chunks(CLIP[:HALF], is_ended=False), headers={**AUDIO, "Transfer-Encoding": "chunked"}
    ),
    "a part that nobody asked for": Answer(
        CLIP[:HALF],
        206,
        {**AUDIO, "Content-Length": str(HALF), "Content-Range": f"bytes 0-{HALF - 1}/{len(CLIP)}"},
    ),
    "a part that is called the whole": Answer(
        CLIP[:HALF],
        200,
        {**AUDIO, "Content-Length": str(HALF), "Content-Range": f"bytes 0-{HALF - 1}/{len(CLIP)}"},
    ),
    "the second half": Answer(
        CLIP[HALF:],
        206,
        {**AUDIO, "Content-Range": f"bytes {HALF}-{len(CLIP) - 1}/{len(CLIP)}"},
    ),
    "a length that is too long": whole(CLIP, Content_Length=str(len(CLIP) + 1000)),
    "gone after half": lambda asked: (
        Answer(CLIP[:HALF], headers=LENGTH) if asked.count == 1 else Answer(b"", 404)
    ),
}


@pytest.mark.parametrize("kind", CUT)
def test_less_than_was_promised_is_never_completed(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.wav"] = CUT[kind]
    failure = download.fail(f"{odd.url}/a.wav")
    is_gone = kind == "gone after half"
    assert failure == (("video_unavailable", False) if is_gone else ("incomplete_download", True))


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9.0,\n"
NOTHING: dict[str, tuple[Answer, tuple[str, bool]]] = {
    "no bytes": (whole(b""), ("empty_file", False)),
    "no content": (Answer(b"", 204), ("empty_file", False)),
    "a page": (whole(PAGE, "text/html"), ("unsupported_url", False)),
    "a page as audio": (whole(PAGE, "audio/mpeg"), ("unsupported_url", False)),
    "text": (whole(b"hello, this is no sound", "audio/mpeg"), ("not_audio", False)),
    "zip": (whole(b"PK\x03\x04" + CLIP, "audio/mpeg"), ("not_audio", False)),
    "pdf": (whole(b"%PDF-1.7\n" + CLIP, "application/pdf"), ("not_audio", False)),
    "image": (whole(b"\x89PNG\r\n\x1a\n" + CLIP, "image/png"), ("not_audio", False)),
    "json": (whole(b'{"error": "no"}', "application/json"), ("not_audio", False)),
    "redirects": (Answer(b"", 302, {"Location": "/a.wav"}), ("redirect_loop", False)),
    "payment": (Answer(b"", 402), ("payment_required", False)),
    "law": (Answer(b"", 451), ("geo_blocked", False)),
    "gone": (Answer(b"", 410), ("video_unavailable", False)),
    "down": (Answer(b"", 503), ("source_unreachable", True)),
    "rate": (Answer(b"", 429), ("rate_limited", True)),
    "radio": (
        Answer(MP3, headers={"Content-Type": "audio/mpeg", "icy-name": "Radio"}),
        ("live_not_ended", False),
    ),
}


@pytest.mark.parametrize("kind", NOTHING)
def test_content_that_is_not_media_is_refused_with_what_to_do(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.wav"], expected = NOTHING[kind]
    assert download.fail(f"{odd.url}/a.wav") == expected
    assert len(download.message.split(". ")) > 1


@pytest.mark.parametrize("path", ["/play.php?id=1", "/a.aspx", "/get.cgi", "/v.vid2", "/stream"])
@pytest.mark.parametrize("media_type", ["audio/mpeg", "application/octet-stream", None])
def test_media_behind_a_script_is_known_by_its_bytes(
    path: str, media_type: str | None, odd: OddServer, download: Downloads
) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    odd.answers[path] = Answer(MP3, headers={**headers, "Content-Length": str(len(MP3))})
    artifact = download(f"{odd.url}{path}")
    assert artifact.path.read_bytes() == MP3
    assert artifact.filename.endswith(".mp3")
    assert artifact.media_type == "audio/mpeg"
    assert odd.count(path) == 1


def test_a_redirect_is_followed_and_the_file_is_asked_for_once(
    odd: OddServer, download: Downloads
) -> None:
    odd.answers["/go"] = Answer(b"", 302, {"Location": "/once.wav", "Content-Length": "0"})
    odd.answers["/once.wav"] = once
    assert download(f"{odd.url}/go").path.read_bytes() == CLIP
    assert [asked.path for asked in odd.asked] == ["/go", "/once.wav"]


OUTSIDE = {
    "file:///etc/passwd": ("forbidden_address", False),
    "FILE://localhost/etc/passwd": ("forbidden_address", False),
    "ftp://127.0.0.1/private.mp3": ("unsupported_protocol", False),
    "gopher://127.0.0.1/1": ("unsupported_protocol", False),
    "rtsp://127.0.0.1/a": ("unsupported_protocol", False),
    "javascript:alert(1)": ("unsupported_protocol", False),
    "http://[1": ("unsupported_url", False),
}


@pytest.mark.parametrize("url", [*OUTSIDE, "data:audio/wav;base64,UklGRg=="])
def test_a_redirect_out_of_the_web_is_refused(
    url: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/go"] = Answer(b"", 302, {"Location": url, "Content-Length": "0"})
    expected = OUTSIDE.get(url, ("unsupported_protocol", False))
    assert download.fail(f"{odd.url}/go") == expected
    assert odd.count("/go") == 1
    odd.answers["/a.m3u8"] = whole(f"{HLS}/go\n#EXT-X-ENDLIST\n".encode())
    assert download.fail(f"{odd.url}/a.m3u8") == expected


@pytest.mark.parametrize("url", [url for url in OUTSIDE if "[" not in url])
@pytest.mark.parametrize("tag", ["", '#EXT-X-MAP:URI="{}"', '#EXT-X-KEY:METHOD=AES-128,URI="{}"'])
def test_a_playlist_does_not_lead_out_of_the_web(
    url: str, tag: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.ts"] = whole(b"G" + bytes(187), "video/mp2t")
    entry = f"{tag.format(url)}\n/a.ts" if tag else url
    odd.answers["/a.m3u8"] = whole(f"{HLS}{entry}\n#EXT-X-ENDLIST\n".encode())
    assert download.fail(f"{odd.url}/a.m3u8") == OUTSIDE[url]


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('attachment; filename="talk.wav"', "talk.wav"),
        (f"attachment; filename*=UTF-8''{quote('Reunião de março.wav')}", "Reunião de março.wav"),
        ('attachment; filename="Reunião.wav"'.encode().decode("latin-1"), "Reunião.wav"),
        ('attachment; filename="../../etc/a%20b.wav"', "a b.wav"),
    ],
)
def test_the_server_names_the_file(
    disposition: str, filename: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/d.php"] = whole(CLIP, Content_Disposition=disposition)
    artifact = download(f"{odd.url}/d.php")
    assert artifact.filename == filename
    assert artifact.details["title"] == filename.removesuffix(".wav")


def test_a_page_behind_the_player_of_a_page_is_no_media(
    odd: OddServer, download: Downloads
) -> None:
    odd.answers["/"] = whole(b'<html><video src="a.mp4"></video></html>', "text/html")
    odd.answers["/a.mp4"] = whole(PAGE, "text/html")
    assert download.fail(f"{odd.url}/") == ("not_audio", False)


class ImpatientSettings(QuickSettings):
    timing = replace(QuickSettings.timing, socket_timeout_s=0.2)


def test_a_server_that_does_not_answer_has_its_own_code(
    odd: OddServer, download: Downloads
) -> None:
    download.settings_type = ImpatientSettings
    odd.answers["/a.wav"] = Answer(CLIP, wait_s=30)
    assert download.fail(f"{odd.url}/a.wav") == ("source_timeout", True)


@pytest.fixture
def shoutcast() -> Iterator[str]:
    """Return the URL of a radio station that speaks the old protocol."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)

        def answer() -> None:
            for _ in range(3):
                try:
                    connection, _address = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"ICY 200 OK\r\nicy-name: Radio\r\n\r\n" + MP3)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_a_radio_station_of_the_old_kind_is_a_live_stream(
    shoutcast: str, download: Downloads
) -> None:
    assert download.fail(shoutcast) == ("live_not_ended", False)


def test_an_unknown_host_is_not_retried(download: Downloads) -> None:
    code, is_retryable = download.fail("http://no-such-host.invalid/a.wav")
    # A machine without any name server cannot know.
    assert (code, is_retryable) in {("host_not_found", False), ("source_unreachable", True)}


@pytest.mark.parametrize(
    "kind", ["good", "other tags", "resets", "shorter parts", "ignores ranges"]
)
def test_a_file_that_is_requested_in_ranges_is_complete(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    """As YouTube's files are, which come slowly otherwise."""
    seen: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        seen.append(asked)
        tag = f'"{asked.count}"' if kind == "other tags" else '"same"'
        good = ranged(CLIP, asked, most=30_000 if kind == "shorter parts" else None, ETag=tag)
        if kind == "resets" and asked.count % 2:
            assert isinstance(good.body, bytes)
            return Answer(good.body[:20_000], good.status, good.headers, is_reset=True)
        return whole(CLIP) if kind == "ignores ranges" else good

    odd.answers["/v"] = answer
    watch = Watch(RecordingReport(), 1 << 30, inf, timing=QuickSettings.timing)
    parameters = build_parameters(DownloaderSettings(), watch, download.folder, None)
    video = {"id": "v", "title": "v", "extractor": "youtube", "url": f"{odd.url}/v", "ext": "wav",
             "downloader_options": {"http_chunk_size": 100_000}}  # fmt: skip
    with Downloader(parameters, watch) as downloader:
        done = downloader.process_ie_result(video, download=True)
    assert Path(done["requested_downloads"][0]["filepath"]).read_bytes() == CLIP
    assert all(asked.last is not None for asked in seen)
