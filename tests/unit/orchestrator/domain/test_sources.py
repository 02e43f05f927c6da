"""Sources: YouTube, hosts that the operator allows, and canonical URLs."""

import pytest

from orchestrator.domain.sources import Source
from orchestrator.errors import ForbiddenAddressError, UnsupportedSourceError

_NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtube.com/watch?v=dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ",
        "https://m.youtube.com/shorts/dQw4w9WgXcQ",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "https://WWW.YouTube.COM/watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com./watch?v=dQw4w9WgXcQ",
        "https://www.youtube.com:443/watch?v=dQw4w9WgXcQ",
    ],
)
def test_every_youtube_host_is_allowed(url: str) -> None:
    assert Source(url).is_allowed(_NONE)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dQw4w9WgXcQ",
        "www.youtube.com/watch?v=dQw4w9WgXcQ",
        "ftp://www.youtube.com/video",
        "file:///etc/passwd",
        "javascript:alert(1)//www.youtube.com",
        "https://",
        "https:///watch",
        "https://[youtube.com/",
        "https://vimeo.com/1",
        "https://notyoutube.com/watch",
        "https://youtube.com.evil.test/watch",
        "https://youtube.com@evil.test/watch",
        "https://evil.test/https://www.youtube.com/watch",
        "https://evil.test?.youtube.com",
        "https://evil.test#.youtube.com",
        "https://evil.test\\.youtube.com/watch",
    ],
)
def test_any_other_url_is_refused(url: str) -> None:
    assert not Source(url).is_allowed(_NONE)


@pytest.mark.parametrize("url", ["http://video.test/a", "http://cdn.video.test:8080/a"])
def test_a_configured_host_is_allowed_with_its_subdomains(url: str) -> None:
    assert Source(url).is_allowed(frozenset({"video.test"}))
    assert not Source(url).is_allowed(frozenset({"other.test"}))


def test_an_allowed_host_does_not_allow_other_hosts_with_the_same_ending() -> None:
    assert not Source("http://myvideo.test/a").is_allowed(frozenset({"video.test"}))


def test_a_star_allows_every_host_but_no_other_scheme() -> None:
    anything = frozenset({"*"})
    assert Source("http://127.0.0.1:9000/a.wav").is_allowed(anything)
    assert not Source("file:///etc/passwd").is_allowed(anything)


@pytest.mark.parametrize(
    "url", ["http://video.test:99999/a", "http://video.test:0/a", "http://\u2024\u2024/a"]
)
def test_a_url_that_nothing_can_connect_to_is_not_allowed(url: str) -> None:
    assert not Source(url).is_allowed(frozenset({"*"}))


def test_youtube_stays_allowed_beside_configured_hosts() -> None:
    assert Source("https://youtu.be/dQw4w9WgXcQ").is_allowed(frozenset({"video.test"}))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "http://youtube.com/watch?v=dQw4w9WgXcQ",
        "https://m.youtube.com/watch?v=dQw4w9WgXcQ&feature=share",
        "https://music.youtube.com/watch?v=dQw4w9WgXcQ&list=RDAMVM",
        "https://www.youtube.com/watch?list=PL1&index=3&v=dQw4w9WgXcQ&t=42s",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ#t=42",
        "https://www.youtube.com/watch/?v=dQw4w9WgXcQ",
        "https://www.youtube.com/watch/dQw4w9WgXcQ",
        "https://www.youtube.com/playlist?list=PL1&v=dQw4w9WgXcQ",
        "https://www.youtube.com/?v=dQw4w9WgXcQ",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share",
        "https://youtube.com/live/dQw4w9WgXcQ?si=abc",
        "https://www.youtube.com/embed/dQw4w9WgXcQ?autoplay=1",
        "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
        "https://www.youtube.com/v/dQw4w9WgXcQ",
        "https://www.youtube.com/e/dQw4w9WgXcQ/",
        "https://youtu.be/dQw4w9WgXcQ",
        "https://youtu.be/dQw4w9WgXcQ?si=abc&t=7",
        "https://www.youtu.be/dQw4w9WgXcQ/",
        "https://youtu.be./dQw4w9WgXcQ",
        "HTTPS://WWW.YOUTUBE.COM:443/watch?v=dQw4w9WgXcQ",
        "https://user@www.youtube.com//shorts//dQw4w9WgXcQ",
    ],
)
def test_every_url_of_a_video_has_the_same_canonical_url(url: str) -> None:
    Source(url).check_video(allowed_sources=_NONE, allow_private=False)
    assert Source(url).canonical_url == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


def test_video_ids_are_case_sensitive() -> None:
    assert Source("https://youtu.be/DQW4W9WGXCQ").canonical_url.endswith("v=DQW4W9WGXCQ")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/",
        "https://www.youtube.com",
        "https://youtu.be/",
        "https://www.youtube.com/watch",
        "https://www.youtube.com/watch?v=",
        "https://www.youtube.com/watch?v=<script>",
        "https://www.youtube.com/watch?v=dQw4w9%20XcQ",
        "https://youtu.be/dQw4w9WgXcQ%0a",
        f"https://youtu.be/{'x' * 65}",
        "https://www.youtube.com/shorts/",
        "https://www.youtube.com/playlist?list=PL1",
        "https://www.youtube.com/embed/videoseries?list=PL1",
        "https://www.youtube.com/embed/live_stream?channel=UC1",
        "https://www.youtube.com/channel/UCuAXFkgsw1L7xaCfnd5JJOw",
        "https://www.youtube.com/@someone",
        "https://www.youtube.com/@someone/live",
        "https://www.youtube.com/c/someone/videos",
        "https://www.youtube.com/user/someone",
        "https://www.youtube.com/results?search_query=cats",
    ],
)
@pytest.mark.parametrize("allowed", [_NONE, frozenset({"*"})])
def test_a_youtube_url_without_a_video_is_refused(url: str, allowed: frozenset[str]) -> None:
    with pytest.raises(UnsupportedSourceError, match="names no single video"):
        Source(url).check_video(allowed_sources=allowed, allow_private=False)
    assert Source(url).canonical_url == url


def test_a_clip_is_accepted_unchanged() -> None:
    url = "https://www.youtube.com/clip/UgkxhJ"
    Source(url).check_video(allowed_sources=_NONE, allow_private=False)
    assert Source(url).canonical_url == url


@pytest.mark.parametrize(
    "url", ["http://video.test/watch?v=dQw4w9WgXcQ", "https://notyoutube.com/watch?v=1", "nothing"]
)
def test_the_url_of_another_site_is_its_own_canonical_url(url: str) -> None:
    assert Source(url).canonical_url == url
    with pytest.raises(UnsupportedSourceError, match="not an allowed source"):
        Source(url).check_video(allowed_sources=_NONE, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://youtube.com/watch?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://www.youtube.com/embed/videoseries?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://music.youtube.com/playlist?list=OLAK5uy_k",
        "https://www.youtube.com/@name",
        "https://www.youtube.com/@name/videos",
        "https://m.youtube.com/channel/UCBR8-60-B28hp2BmDPdntcQ",
        "https://www.youtube.com/c/YouTube/streams",
        "https://www.youtube.com/user/YouTube",
    ],
)
def test_youtube_playlists_and_channels_are_accepted(url: str) -> None:
    Source(url).check_playlist(allowed_sources=_NONE, allow_private=False)
    with pytest.raises(UnsupportedSourceError):
        Source(url).check_video(allowed_sources=_NONE, allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://youtu.be/dQw4w9WgXcQ?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        "https://www.youtube.com/results?search_query=news",
        "https://www.youtube.com/",
        "https://www.youtube.com/@",
        "https://www.youtube.com/channel/",
        "https://www.youtube.com/playlist?list=",
        "https://vimeo.com/channels/1",
        "file:///etc/passwd",
    ],
)
def test_a_url_that_names_no_playlist_is_refused(url: str) -> None:
    with pytest.raises(UnsupportedSourceError):
        Source(url).check_playlist(allowed_sources=_NONE, allow_private=False)


def test_a_playlist_may_be_any_url_of_a_configured_host() -> None:
    Source("https://media.example.org/feed.xml").check_playlist(
        allowed_sources=frozenset({"example.org"}), allow_private=False
    )


@pytest.mark.parametrize("odd", ["\n", "\t", "\r", "\0", "\x1b"])
def test_a_url_with_control_characters_is_not_allowed(odd: str) -> None:
    for url in (f"https://youtu.be/dQw4{odd}w9WgXcQ", f"https://you{odd}tu.be/dQw4w9WgXcQ"):
        assert not Source(url).is_allowed(frozenset({"*"}))


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@elsewhere.test/",
        "http://user:secret@elsewhere.test:0/",
        "http://user:secr/et@elsewhere.test/",
        "http://[user:secret@elsewhere.test/",
        "ftp://user:secret@elsewhere.test/",
        "user:secret@elsewhere.test",
    ],
)
def test_a_refusal_does_not_show_a_login(url: str) -> None:
    with pytest.raises(UnsupportedSourceError) as caught:
        Source(url).check_video(allowed_sources=frozenset(), allow_private=False)
    assert "user" not in str(caught.value)
    assert "secr" not in f"{caught.value} {vars(caught.value)}"


def test_a_host_in_a_private_network_is_refused_unless_it_is_allowed() -> None:
    source, anything = Source("http://10.0.0.1/a.wav"), frozenset({"*"})
    with pytest.raises(ForbiddenAddressError):
        source.check_video(allowed_sources=anything, allow_private=False)
    source.check_video(allowed_sources=anything, allow_private=True)


def test_the_public_url_and_the_path_come_from_the_url() -> None:
    source = Source("https://user:secret@video.test/a%20b.wav?x=1")
    assert (source.public_url, source.path) == ("https://video.test/a%20b.wav?x=1", "/a%20b.wav")
    assert Source("upload:talk.mp3").path == ""
