"""Content is detected from its first bytes, whatever its media type is."""

import random

import pytest

from services.downloader.sniffing import Content, find_links, refine_extension, sniff

TS = (b"G" + bytes(187)) * 4
M2TS = (bytes(4) + b"G" + bytes(187)) * 4


@pytest.mark.parametrize(
    ("head", "extension"),
    [
        (b"ID3\x04" + bytes(20), "mp3"),
        (b"\xff\xfb\x90\x64" + bytes(20), "mp3"),
        (b"\xff\xf1\x50\x80" + bytes(20), "aac"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"OggS" + bytes(24) + b"OpusHead", "opus"),
        (b"OggS" + bytes(24) + b"\x01vorbis", "ogg"),
        (b"fLaC\x00", "flac"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska", "mkv"),
        (b"\x00\x00\x00\x18ftypisom", "mp4"),
        (b"\x00\x00\x00\x18ftypM4A ", "m4a"),
        (b"\x00\x00\x00\x18ftypqt  ", "mov"),
        (b"FORM\x00\x00\x00\x00AIFF", "aiff"),
        (b"#!AMR\n<", "amr"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
        (TS, "ts"),
        (M2TS, "ts"),
    ],
)
def test_media_is_known_by_its_bytes(head: bytes, extension: str) -> None:
    found = sniff(head, "text/html")
    assert (found.content, found.extension) == (Content.MEDIA, extension)


@pytest.mark.parametrize(
    "head",
    [
        b"PK\x03\x04", b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x18ftypheic", b"Rar!",
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08", b"MThd", b"hello", '{"a": "ü"}'.encode(), "日本語".encode()[:-1],
    ],
)  # fmt: skip
def test_content_that_is_not_media_is_recognized(head: bytes) -> None:
    found = sniff(head, "audio/mpeg")
    assert found.content is Content.OTHER
    assert found.name.startswith(("a ", "an "))


@pytest.mark.parametrize(
    ("head", "media_type", "content"),
    [
        (b"", "", Content.EMPTY),
        (b"<html>", "audio/mpeg", Content.PAGE),
        (b"\xef\xbb\xbf\n <?xml version='1.0'?><MPD>", "video/vnd.mpeg.dash.mpd", Content.PAGE),
        ("<html>".encode("utf-16"), "", Content.PAGE),
        (b"\xef\xbb\xbf#EXTM3U\n#EXT-X-VERSION:3", "text/plain", Content.HLS),
        (b"#EXTM3U\n#EXTINF:9,A song\nhttp://a/b.mp3", "", Content.LINKS),
        (b"http://a/b.mp3\n", "audio/x-mpegurl", Content.LINKS),
        (b"[Playlist]\nFile1=http://a/b.mp3", "", Content.LINKS),
    ],
)
def test_pages_and_playlists_are_distinguished(
    head: bytes, media_type: str, content: Content
) -> None:
    assert sniff(head, media_type).content is content


def test_bytes_without_any_form_may_be_media() -> None:
    noise = random.Random(1).randbytes(4096)
    assert sniff(b"\xff" * 300, "audio/basic").extension is None
    assert (sniff(noise).content, sniff(noise).extension) == (Content.MEDIA, None)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("#EXTM3U\r\n#EXTINF:1,x\r\nhttp://a/b\r\n\r\nc/d.mp3\r\n", ["http://a/b", "c/d.mp3"]),
        ("\ufeffhttp://a/b", ["http://a/b"]),
        ("[playlist]\nTitle1=x\nFile1 = http://a/b\nfile2=c\nLength1=-1", ["http://a/b", "c"]),
        ("[playlist]\n", []),
        ("", []),
    ],
)
def test_lists_of_links_are_read(text: str, links: list[str]) -> None:
    assert find_links(text) == links


@pytest.mark.parametrize(
    ("head", "named", "extension"),
    [
        (b"\x00\x00\x00\x18ftypisom", ("m4a",), "m4a"),
        (b"\x00\x00\x00\x18ftypisom", ("php", "3gp"), "3gp"),
        (b"ID3", ("wav",), "mp3"),
        (TS, ("mp4",), "ts"),
        (b"\xff" * 9, ("au",), "au"),
        (b"\xff" * 9, (), None),
    ],
)
def test_a_narrower_name_of_the_same_container_is_kept(
    head: bytes, named: tuple[str, ...], extension: str | None
) -> None:
    assert refine_extension(sniff(head), *named) == extension
