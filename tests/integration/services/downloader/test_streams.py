"""A stream is downloaded with all of its segments, or fails with a retryable error."""

import subprocess
from pathlib import Path

import av
import pytest
from Cryptodome.Cipher import AES
from Cryptodome.Util.Padding import pad

from services.media import open_recording
from services.normalizer.ffmpeg import find_ffmpeg
from tests.support.downloads import Downloads
from tests.support.odd_server import Answer, Answering, Asked, OddServer, ranged, whole
from tests.support.recordings import JFK, RATE_HZ, load, locate, read
from tests.support.work_context import SAMPLES

pytest_plugins = ["tests.support.download_fixtures"]

HLS = "application/vnd.apple.mpegurl"
PACKET = b"G" + bytes(187)
PIECES = [PACKET[:3] + bytes([number]) + PACKET[4:] + PACKET * 300 for number in range(4)]
KEY = bytes(range(16))


def playlist(*lines: str, end: str = "#EXT-X-ENDLIST") -> Answer:
    text = "\n".join(["#EXTM3U", "#EXT-X-TARGETDURATION:9", *lines, end, ""])
    return whole(text.encode(), HLS)


def serve_pieces(odd: OddServer) -> list[str]:
    """Serve all segments; return the lines of their playlist."""
    lines = []
    for number, piece in enumerate(PIECES):
        odd.answers[f"/s{number}.ts"] = whole(piece, "video/mp2t")
        lines += ["#EXTINF:9.0,", f"s{number}.ts"]
    return lines


def after(times: int, failure: Answer, piece: bytes) -> Answering:
    return lambda asked: failure if asked.count <= times else ranged(piece, asked)


@pytest.fixture
def stream(odd: OddServer) -> str:
    """Return the URL of a valid stream."""
    odd.answers["/a.m3u8"] = playlist(*serve_pieces(odd))
    return f"{odd.url}/a.m3u8"


def test_all_pieces_are_there_and_each_request_is_made_once(
    stream: str, odd: OddServer, download: Downloads
) -> None:
    artifact = download(stream)
    assert artifact.path.read_bytes() == b"".join(PIECES)
    assert artifact.filename == "a.ts"
    assert "warnings" not in artifact.details
    assert sorted(asked.path for asked in odd.asked) == [
        "/a.m3u8",
        *(f"/s{number}.ts" for number in range(4)),
    ]


LENGTH = {"Content-Length": str(len(PIECES[2]))}
FAILURES = {
    "not found": Answer(b"", 404),
    "gone": Answer(b"", 410),
    "broken": Answer(b"", 500),
    "reset": Answer(PIECES[2][:1000], headers=LENGTH, is_reset=True),
    "shorter than its length": Answer(PIECES[2][:-188], headers=LENGTH),
    "chunks without an end": Answer(b"5\r\nhello\r\n", headers={"Transfer-Encoding": "chunked"}),
    "empty": whole(b""),
    "an error page": whole(b"<!DOCTYPE html><html>oops</html>", "text/html"),
}


@pytest.mark.parametrize("kind", FAILURES)
@pytest.mark.parametrize("number", [0, 2])
def test_a_missing_segment_fails_instead_of_leaving_a_gap(
    kind: str, number: int, stream: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers[f"/s{number}.ts"] = FAILURES[kind]
    assert download.fail(stream) == ("incomplete_download", True)


@pytest.mark.parametrize("kind", [*FAILURES, "overloaded"])
def test_a_segment_that_succeeds_on_a_retry_is_used(
    kind: str, stream: str, odd: OddServer, download: Downloads
) -> None:
    failure = FAILURES.get(kind, Answer(b"later", 503))
    odd.answers["/s2.ts"] = after(2, failure, PIECES[2])
    assert download(stream).path.read_bytes() == b"".join(PIECES)


@pytest.mark.parametrize(("status", "code"), [(403, "video_unavailable"), (429, "rate_limited")])
def test_a_refused_stream_has_its_own_code(
    status: int, code: str, stream: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/s0.ts"] = Answer(b"", status)
    assert download.fail(stream) == (code, True)


def test_a_complete_but_short_segment_is_used(
    stream: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/s2.ts"] = whole(PIECES[2][:1880], "video/mp2t")
    assert len(download(stream).path.read_bytes()) == sum(map(len, PIECES)) - len(PIECES[2]) + 1880


def test_a_gap_of_the_publishers_is_warned_of(odd: OddServer, download: Downloads) -> None:
    lines = serve_pieces(odd)
    odd.answers["/s1.ts"] = Answer(b"", 404)
    odd.answers["/a.m3u8"] = playlist(*lines[:2], "#EXT-X-GAP", *lines[2:])
    artifact = download(f"{odd.url}/a.m3u8")
    assert artifact.path.read_bytes() == b"".join([PIECES[0], *PIECES[2:]])
    (warning,) = artifact.details["warnings"]
    assert (warning["code"], warning["start"], warning["end"]) == ("truncated_source", 9.0, 18.0)


@pytest.mark.parametrize("honours_ranges", [True, False])
def test_segments_that_are_ranges_of_one_file_are_complete(
    honours_ranges: bool,  # noqa: FBT001 - a parameter of pytest
    odd: OddServer,
    download: Downloads,
) -> None:
    media = b"".join(PIECES)
    size = len(PIECES[0])
    odd.answers["/all.ts"] = lambda asked: ranged(media, asked) if honours_ranges else whole(media)
    lines = ["#EXTINF:9,", f"#EXT-X-BYTERANGE:{size}@0", "all.ts"]
    lines += ["#EXTINF:9,", f"#EXT-X-BYTERANGE:{size}", "all.ts"] * 3
    odd.answers["/a.m3u8"] = playlist(*lines)
    assert download(f"{odd.url}/a.m3u8").path.read_bytes() == media


@pytest.mark.parametrize("iv", ["", ",IV=0x000000000000000000000000000000ff"])
def test_aes_128_is_decrypted(iv: str, odd: OddServer, download: Downloads) -> None:
    lines = serve_pieces(odd)
    for number, piece in enumerate(PIECES):
        vector = (0xFF if iv else number + 7).to_bytes(16, "big")
        secret = AES.new(KEY, AES.MODE_CBC, vector).encrypt(pad(piece * 20, 16))
        odd.answers[f"/s{number}.ts"] = whole(secret, "video/mp2t")
    odd.answers["/k"] = whole(KEY, "application/octet-stream")
    tag = f'#EXT-X-KEY:METHOD=AES-128,URI="k"{iv}'
    odd.answers["/a.m3u8"] = playlist("#EXT-X-MEDIA-SEQUENCE:7", tag, *lines)
    expected = b"".join(piece * 20 for piece in PIECES)  # 4.5 MB: minutes in pure Python
    assert download(f"{odd.url}/a.m3u8").path.read_bytes() == expected
    assert odd.count("/k") == 1


@pytest.mark.parametrize(
    ("tag", "answer", "expected"),
    [
        ('METHOD=SAMPLE-AES,URI="k"', whole(KEY), ("drm_protected", False)),
        ('METHOD=SAMPLE-AES-CTR,URI="data:,x"', whole(KEY), ("drm_protected", False)),
        (
            'METHOD=AES-128,URI="skd://k",KEYFORMAT="com.apple.streamingkeydelivery"',
            whole(KEY),
            ("drm_protected", False),
        ),
        ('METHOD=AES-128,URI="k"', whole(b"<html>please log in</html>"), ("drm_protected", False)),
        ('METHOD=AES-128,URI="k"', Answer(b"", 404), ("incomplete_download", True)),
    ],
)
def test_what_cannot_be_decrypted_has_its_own_code(
    tag: str, answer: Answer, expected: tuple[str, bool], odd: OddServer, download: Downloads
) -> None:
    odd.answers["/k"] = answer
    odd.answers["/a.m3u8"] = playlist(f"#EXT-X-KEY:{tag}", *serve_pieces(odd))
    assert download.fail(f"{odd.url}/a.m3u8") == expected


@pytest.mark.parametrize(
    ("lines", "end"), [([], ""), (["#EXT-X-PLAYLIST-TYPE:EVENT"], ""), (["#EXTINF:9,", "x.ts"], "")]
)
def test_a_live_stream_is_refused(
    lines: list[str], end: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.m3u8"] = playlist(*lines, *serve_pieces(odd), end=end)
    assert download.fail(f"{odd.url}/a.m3u8") == ("live_not_ended", False)


def test_a_recording_without_an_end_tag_is_downloaded(odd: OddServer, download: Downloads) -> None:
    odd.answers["/a.m3u8"] = playlist("#EXT-X-PLAYLIST-TYPE:VOD", *serve_pieces(odd), end="")
    assert download(f"{odd.url}/a.m3u8").path.read_bytes() == b"".join(PIECES)


def fragment(time: int) -> bytes:
    """Make the header of an MP4 fragment that starts at a time."""
    tfdt = b"tfdt" + bytes(4) + time.to_bytes(4, "big")
    return b"\x00\x00\x00\x40moof" + tfdt + bytes(200)


INIT_A, INIT_B = (b"\x00\x00\x00\x18ftypiso5" + tail * 30 for tail in (b"A", b"B"))
BREAK, MAP_A, MAP_B = "#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="a"', '#EXT-X-MAP:URI="b"'
MAPS: dict[str, tuple[list[str | int], list[bytes | int]]] = {
    "one": ([MAP_A, 0, 9], [INIT_A, 0, 9]),
    "the same again": ([MAP_A, 0, BREAK, MAP_A, 9], [INIT_A, 0, 9]),
    "a copy elsewhere": ([MAP_A, 0, BREAK, '#EXT-X-MAP:URI="a2"', 9], [INIT_A, 0, 9]),
    "another": ([MAP_A, 0, BREAK, MAP_B, 9], [INIT_A, 0, INIT_B, 9]),
    "there and back": (
        [MAP_A, 0, BREAK, MAP_B, 0, BREAK, MAP_A, 9],
        [INIT_A, 0, INIT_B, 0, INIT_A, 9],
    ),
    "times that begin again": ([MAP_A, 0, 9, BREAK, 0, 9], [INIT_A, 0, 9, INIT_A, 0, 9]),
    "a break, and times go on": ([MAP_A, 0, BREAK, 9], [INIT_A, 0, 9]),
}


@pytest.mark.parametrize("kind", MAPS)
def test_initialization_sections_are_written_where_the_media_changes(
    kind: str, odd: OddServer, download: Downloads
) -> None:
    listed, expected = MAPS[kind]
    odd.answers["/a"] = odd.answers["/a2"] = whole(INIT_A, "video/mp4")
    odd.answers["/b"] = whole(INIT_B, "video/mp4")
    lines = []
    for entry in listed:
        if isinstance(entry, int):
            odd.answers[f"/{entry}.m4s"] = whole(fragment(entry), "video/mp4")
            lines += ["#EXTINF:9,", f"{entry}.m4s"]
        else:
            lines.append(entry)
    odd.answers["/m.m3u8"] = playlist(*lines)
    media = [each if isinstance(each, bytes) else fragment(each) for each in expected]
    assert download(f"{odd.url}/m.m3u8").path.read_bytes() == b"".join(media)


def test_real_media_with_a_second_section_can_be_decoded_as_a_whole(
    odd: OddServer, download: Downloads, tmp_path: Path
) -> None:
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", SAMPLES / "jfk.wav", "-c:a", "aac", "-f", "hls",
         "-hls_segment_type", "fmp4", "-hls_time", "3", "-hls_playlist_type", "vod", "v.m3u8"],
        check=True, cwd=tmp_path,
    )  # fmt: skip
    lines = (tmp_path / "v.m3u8").read_text().splitlines()
    third = [number for number, line in enumerate(lines) if line.startswith("#EXTINF")][2]
    lines[third:third] = ["#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="init.mp4"']
    odd.answers["/v.m3u8"] = whole("\n".join(lines).encode(), HLS)
    for path in [*tmp_path.glob("*.m4s"), tmp_path / "init.mp4"]:
        odd.answers[f"/{path.name}"] = whole(path.read_bytes(), "video/mp4")
    artifact = download(f"{odd.url}/v.m3u8")
    with av.open(str(artifact.path)) as media:
        frames = list(media.decode(audio=0))
    heard_s = sum(frame.samples for frame in frames) / frames[0].sample_rate
    assert heard_s == pytest.approx(11.0, abs=0.2)
    assert frames[-1].time == pytest.approx(11.0, abs=0.2)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
@pytest.mark.parametrize("options", [[], ["-hls_segment_options", "movflags=+frag_every_frame"]])
def test_a_truncated_mp4_segment_shifts_no_later_audio(
    share: float, options: list[str], odd: OddServer, download: Downloads, tmp_path: Path
) -> None:
    subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", JFK, "-c:a", "aac", "-f", "hls", *options,
         "-hls_segment_type", "fmp4", "-hls_time", "3", "-hls_playlist_type", "vod", "v.m3u8"],
        check=True, cwd=tmp_path,
    )  # fmt: skip
    odd.answers["/v.m3u8"] = whole((tmp_path / "v.m3u8").read_bytes(), HLS)
    for path in [*tmp_path.glob("*.m4s"), tmp_path / "init.mp4"]:
        odd.answers[f"/{path.name}"] = whole(path.read_bytes(), "video/mp4")
    piece = (tmp_path / "v1.m4s").read_bytes()
    odd.answers["/v1.m4s"] = whole(piece[: int(share * len(piece))], "video/mp4")
    artifact = download(f"{odd.url}/v.m3u8")
    clip, sound = load(JFK), read(open_recording(artifact.path))[0]
    assert locate(sound, clip[: 3 * RATE_HZ]) == pytest.approx([0.0], abs=0.1)
    assert locate(sound, clip[int(6.1 * RATE_HZ) :]) == pytest.approx([6.1], abs=0.1)
    (warning,) = artifact.details["warnings"]
    assert warning["code"] == "truncated_source"
    assert 2.9 < warning["start"] < warning["end"] == pytest.approx(6.0, abs=0.1)


MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="{kind}" mediaPresentationDuration="PT18S">
<Period><AdaptationSet mimeType="audio/mp4" lang="en"><SegmentTemplate timescale="1" duration="9"
 startNumber="0" initialization="init" media="$Number$.m4s"/>
<Representation id="1" bandwidth="64000" codecs="mp4a.40.2" audioSamplingRate="48000"/>
</AdaptationSet></Period></MPD>"""


@pytest.fixture
def dash(odd: OddServer) -> str:
    """Return the URL of a stream in MPEG-DASH."""
    odd.answers["/a.mpd"] = whole(MPD.format(kind="static").encode(), "application/dash+xml")
    odd.answers["/init"] = whole(INIT_A, "audio/mp4")
    for number in range(2):
        odd.answers[f"/{number}.m4s"] = whole(fragment(number), "audio/mp4")
    return f"{odd.url}/a.mpd"


def test_dash_is_downloaded_completely(dash: str, odd: OddServer, download: Downloads) -> None:
    odd.answers["/1.m4s"] = after(2, Answer(b"", 503), fragment(1))
    assert download(dash).path.read_bytes() == INIT_A + fragment(0) + fragment(1)


@pytest.mark.parametrize("piece", ["init", "0.m4s", "1.m4s"])
def test_dash_has_no_hole_either(
    piece: str, dash: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers[f"/{piece}"] = Answer(b"", 404)
    assert download.fail(dash) == ("incomplete_download", True)


def test_live_dash_is_refused(dash: str, odd: OddServer, download: Downloads) -> None:
    odd.answers["/a.mpd"] = whole(MPD.format(kind="dynamic").encode(), "application/dash+xml")
    assert download.fail(dash) == ("live_not_ended", False)


@pytest.mark.parametrize("media_type", ["text/plain", "audio/mpeg", "application/octet-stream"])
def test_a_playlist_is_known_by_its_text(
    media_type: str, stream: str, odd: OddServer, download: Downloads
) -> None:
    known = odd.answers["/a.m3u8"]
    assert isinstance(known, Answer)
    odd.answers["/list.php"] = Answer(known.body, headers={"Content-Type": media_type})
    assert download(stream.replace("a.m3u8", "list.php")).path.read_bytes() == b"".join(PIECES)


@pytest.fixture
def master(odd: OddServer, stream: str) -> str:
    """Return the URL of a list of one quality, which is the stream."""
    text = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2"\na.m3u8\n'
    odd.answers["/master.m3u8"] = whole(text.encode(), HLS)
    return stream.replace("a.m3u8", "master.m3u8")


def test_a_quality_on_another_host_is_used(
    master: str, odd: OddServer, download: Downloads
) -> None:
    assert download(master).path.read_bytes() == b"".join(PIECES)
    assert odd.count("/master.m3u8") == odd.count("/a.m3u8") == 1


@pytest.mark.parametrize(
    "answer", [Answer(b"", 404), Answer(b"", 503), whole(b"<html>log in</html>", "text/html")]
)
def test_a_quality_that_is_not_there_is_a_hole(
    answer: Answer, master: str, odd: OddServer, download: Downloads
) -> None:
    odd.answers["/a.m3u8"] = answer
    assert download.fail(master) == ("incomplete_download", True)


def answer_first(asked: Asked) -> Answer:
    text = playlist("#EXTINF:9,", "s0.ts")
    return text if asked.count == 1 else Answer(b"", 410)


def test_a_playlist_that_may_be_read_once_is_read_once(odd: OddServer, download: Downloads) -> None:
    serve_pieces(odd)
    odd.answers["/once.m3u8"] = answer_first
    assert download(f"{odd.url}/once.m3u8").path.read_bytes() == PIECES[0]
