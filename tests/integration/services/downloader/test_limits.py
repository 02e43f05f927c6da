"""Downloads are bounded in bytes, time and memory."""

import gc
import itertools
import resource
import sys
import time
from collections.abc import Iterator

import pytest

from tests.support.downloads import Downloads
from tests.support.odd_server import Answer, OddServer, chunks, whole
from tests.support.work_context import SAMPLES

pytest_plugins = ["tests.support.download_fixtures"]

MB = 1024 * 1024
MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(range(256)) * 256
M3U = b"#EXTM3U\n#EXTINF:-1,Radio\nradio.mp3\n"
PLS = b"[playlist]\nNumberOfEntries=1\nFile1=radio.mp3\n"


def forever(first: bytes, more: bytes) -> Iterator[bytes]:
    return itertools.chain([first], itertools.repeat(more))


def endless(first: bytes, more: bytes, media_type: str) -> Answer:
    return Answer(forever(first, more), headers={"Content-Type": media_type})


RADIO = endless(MP3, MP3, "audio/mpeg")
CHUNKS = forever(chunks(MP3, is_ended=False), chunks(MP3, is_ended=False))
ENDLESS: dict[str, dict[str, Answer]] = {
    "a file": {"/": RADIO},
    "a file in chunks": {
        "/": Answer(CHUNKS, headers={"Transfer-Encoding": "chunked", "Content-Type": "audio/mpeg"})
    },
    "M3U": {"/": whole(M3U, "audio/x-mpegurl"), "/radio.mp3": RADIO},
    "PLS": {"/": whole(PLS, "audio/x-scpls"), "/radio.mp3": RADIO},
    "a page": {"/": endless(b"<html>", b"<p>more</p>" * 1000, "text/html")},
    "a playlist": {
        "/": endless(
            b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n", b"#EXTINF:9,\na.ts\n" * 1000, "audio/mpegurl"
        )
    },
    "a piece": {
        "/": whole(b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\na.ts\n#EXT-X-ENDLIST\n"),
        "/a.ts": endless(b"G" * 188, b"G" * 18800, "video/mp2t"),
    },
    "a key": {
        "/": whole(
            b'#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-KEY:METHOD=AES-128,URI="key"\n'
            b"#EXTINF:9,\na.ts\n#EXT-X-ENDLIST\n"
        ),
        "/a.ts": whole(bytes(1600)),
        "/key": endless(b"k", bytes(65536), "application/octet-stream"),
    },
    "an error page": {"/": Answer(forever(b"<html>", b"no" * 30_000), 404)},
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_endless_file_is_stopped_by_the_size_limit(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers.update(ENDLESS[kind])
    is_bounded_itself = kind == "an error page"  # of which only the beginning is read
    expected = ("video_unavailable" if is_bounded_itself else "file_too_large", False)
    assert download.fail(f"{odd.url}/", max_file_size_mb=2) == expected
    assert odd.sent_bytes < 16 * MB  # what is on its way counts too


@pytest.mark.parametrize("kind", ["a page", "a playlist", "a key"])
def test_a_download_that_is_ended_leaves_no_connection_open(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers.update(ENDLESS[kind])
    download.fail(f"{odd.url}/", max_file_size_mb=2)
    gc.collect()  # an open one becomes an error of this test


def test_many_small_files_count_together(odd: OddServer, download: Downloads) -> None:
    """A small file may cause an endless read."""
    pieces = "".join(f"#EXTINF:1,\n{number}.ts\n" for number in range(30))
    text = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n{pieces}#EXT-X-ENDLIST\n"
    odd.answers["/a.m3u8"] = whole(text.encode())
    for number in range(30):
        odd.answers[f"/{number}.ts"] = whole(b"G" * 100_000)
    assert download.fail(f"{odd.url}/a.m3u8", max_file_size_mb=2) == ("file_too_large", False)


def test_a_playlist_with_more_pieces_than_any_real_one_is_refused(
    odd: OddServer, download: Downloads
) -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n" + "a\n" * 200_001 + "#EXT-X-ENDLIST\n"
    odd.answers["/a.m3u8"] = whole(text.encode())
    assert download.fail(f"{odd.url}/a.m3u8") == ("file_too_large", False)


def test_memory_stays_flat_while_a_radio_station_plays(odd: OddServer, download: Downloads) -> None:
    odd.answers["/warm.mp3"] = whole(MP3, "audio/mpeg")
    download(f"{odd.url}/warm.mp3")
    odd.answers["/list.m3u"], odd.answers["/radio.mp3"] = whole(M3U, "audio/x-mpegurl"), RADIO
    before_mb = peak_mb()
    assert download.fail(f"{odd.url}/list.m3u", max_file_size_mb=100) == ("file_too_large", False)
    assert peak_mb() - before_mb < 20


def peak_mb() -> float:
    """Return the peak memory of this process."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def slowly(block: bytes, pause_s: float = 0.05) -> Iterator[bytes]:
    while True:
        yield block
        time.sleep(pause_s)


def test_a_live_stream_is_stopped_by_the_time_limit(odd: OddServer, download: Downloads) -> None:
    odd.answers["/a.mp3"] = Answer(
        itertools.chain([MP3], slowly(b"x" * 100)), headers={"Content-Type": "audio/mpeg"}
    )
    started_at = time.monotonic()
    failure = download.fail(f"{odd.url}/a.mp3", download_timeout_minutes=0.02)
    assert failure == ("live_not_ended", False)
    assert time.monotonic() - started_at < 5


def test_a_download_that_takes_too_long_may_be_tried_again(
    odd: OddServer, download: Downloads
) -> None:
    headers = {"Content-Type": "audio/mpeg", "Content-Length": str(50 * MB)}
    odd.answers["/a.mp3"] = Answer(itertools.chain([MP3], slowly(b"x")), headers=headers)
    failure = download.fail(f"{odd.url}/a.mp3", download_timeout_minutes=0.02)
    assert failure == ("download_timeout", True)


def test_a_slow_server_is_waited_for(odd: OddServer, download: Downloads) -> None:
    clip = (SAMPLES / "jfk.wav").read_bytes()
    blocks = [clip[start : start + 40_000] for start in range(0, len(clip), 40_000)]

    def drip() -> Iterator[bytes]:
        for block in blocks:
            time.sleep(0.05)
            yield block

    headers = {"Content-Type": "audio/wav", "Content-Length": str(len(clip))}
    odd.answers["/a.wav"] = Answer(drip(), headers=headers)
    assert download(f"{odd.url}/a.wav").path.read_bytes() == clip
