"""Nonstandard web servers: complete files are transcribed, all others fail with a code."""

from dataclasses import replace
from pathlib import Path

from benchmarks.media.case import Case, Json, Make, Refused, Right, Said, Transcribed
from benchmarks.media.odd_server import LOGIN
from benchmarks.media.recipes import mp3, served
from benchmarks.media.workshop import Workshop

_JFK: tuple[Transcribed, ...] = (Transcribed((Said("jfk", 0),)),)
_HALF = Transcribed(
    (Said("jfk", 0, until_s=5.5),),
    frozenset({"truncated_source"}),
    frozenset({"damaged_packets"}),
    most_errors=0.2,  # of six words; the last one is truncated
)


def _refused(*codes: str, retryable: bool | None = False) -> tuple[Right, ...]:
    return (Refused(frozenset(codes), retryable),)


_RETRIED = _refused("source_unreachable", "incomplete_download", retryable=True)
_UNANSWERED = _refused("source_unreachable", "source_timeout", retryable=True)
_NO_VIDEO = _refused("unsupported_url", "not_audio")
_EMPTY = _refused("empty_file")
_LARGE = _refused("file_too_large", "live_not_ended", retryable=None)


def _redirected(target: str) -> Make:
    def make(shop: Workshop, own: Path) -> str:
        mp3(shop, own / "jfk.mp3")
        inner = own.relative_to(shop.folder)
        return f"/as/redirect/{inner}/jfk.mp3?{target.format(own=f'/{inner}')}"

    return make


def _paged(shop: Workshop, own: Path) -> str:
    """Write a page with only a video element."""
    mp3(shop, own / "jfk.mp3")
    (own / "talk.html").write_text("<!doctype html><title>Talk</title><video src=jfk.mp3></video>")
    return "talk.html"


def _is_named(job: Json) -> str | None:
    """Check that the captions are named after the recording (RFC 8187)."""
    given = str(job["transcript"]["disposition"])
    return None if "Reuni%C3%A3o%20de%20mar%C3%A7o.en.srt" in given else f"the file is {given}"


def _spaced(shop: Workshop, own: Path) -> str:
    mp3(shop, own / "jfk.mp3").rename(own / "Reunião de março.mp3")
    return "Reuni%C3%A3o%20de%20mar%C3%A7o.mp3"


_ROWS: dict[str, tuple[Make, tuple[Right, ...]]] = {
    "plain": (served("plain"), _JFK),
    "a script, .php": (served("plain", "play.php", "x=1"), _JFK),
    "a script, .aspx": (served("plain", "play.aspx"), _JFK),
    "a script, .cgi": (served("plain", "play.cgi", "id=7"), _JFK),
    "a script, .ashx": (served("plain", "play.ashx", "id=7"), _JFK),
    "a script without a type": (served("untyped", "play.php"), _JFK),
    "no type": (served("untyped"), _JFK),
    "the type of any bytes": (served("binary"), _JFK),
    "a name in Content-Disposition": (served("disposition", "play.php", "talk.mp3"), _JFK),
    "a link that works once": (served("once"), _JFK),
    "a script whose link works once": (served("once", "play.php", "token=1"), _JFK),
    "no HEAD": (served("nohead"), _JFK),
    "503 twice": (served("flaky"), _JFK),
    "no length": (served("nolength"), _JFK),
    "chunked": (served("chunked"), _JFK),
    "gzip": (served("gzip"), _JFK),
    "206 with all of it": (served("whole206"), _JFK),
    "reset, whole later": (served("resetonce"), _JFK),
    "cut, whole later": (served("cutonce"), _JFK),
    "reset every 40 kB, with ranges": (served("resetrange"), _JFK),
    "slow": (served("slow", argument="20000"), _JFK),
    "a redirect": (_redirected("{own}/jfk.mp3"), _JFK),
    "a page with a video": (_paged, _JFK),
    "a name with spaces and accents": (_spaced, (replace(_JFK[0], checks=(_is_named,)),)),
    "no length, and cut": (served("nolengthcut"), (_HALF, *_RETRIED)),
    "chunked, and cut": (served("chunkedcut"), _RETRIED),
    "cut every time": (served("cut"), _RETRIED),
    "more than Content-Length": (served("longer"), (_HALF, *_JFK, *_RETRIED)),
    "reset every time": (served("reset"), _RETRIED),
    "206 with half of it": (served("half206"), _RETRIED),
    "206 that lies": (served("lie206"), _RETRIED),
    "gzip, and cut": (served("gzipcut"), (*_RETRIED, _HALF)),
    "stalls": (served("stall"), (*_RETRIED, *_UNANSWERED)),
    "hangs": (served("hang"), _UNANSWERED),
    "endless": (served("endless"), _LARGE),
    "endless and slower": (served("endless", argument="0.03"), _LARGE),
    "a redirect to itself": (
        served("loop"),
        _refused("redirect_loop"),
    ),
    "a redirect to a file of the machine": (
        _redirected("file:///etc/passwd"),
        _refused("forbidden_address", "unsupported_url"),
    ),
    "a login page": (served("html", "talk"), _refused("unsupported_url")),
    "a login page that claims to be audio": (served("htmlaudio"), _NO_VIDEO),
    "204": (served("nocontent"), _EMPTY),
    "200 with nothing": (served("empty"), _EMPTY),
    "401": (served("status", argument="401"), _refused("private_video", "login_failed")),
    "403": (
        served("status", argument="403"),
        _refused("video_unavailable", "private_video", retryable=None),
    ),
    "404": (served("status", argument="404"), _refused("video_unavailable")),
    "410": (served("status", argument="410"), _refused("video_unavailable")),
    "418": (served("status", argument="418"), _refused("video_unavailable", "unsupported_url")),
    "429": (served("status", argument="429"), _refused("rate_limited", retryable=True)),
    "500": (served("status", argument="500"), _refused("source_unreachable", retryable=True)),
    "503": (served("status", argument="503"), _refused("source_unreachable", retryable=True)),
    "a wrong login": (served("login"), _refused("private_video", "login_failed")),
}
_LONG = {"endless", "endless and slower", "hangs", "stalls"}
CASES = [
    *(
        Case("servers", name, make, right)
        for name, (make, right) in sorted(_ROWS.items(), key=lambda row: row[0] not in _LONG)
    ),
    Case("servers", "a login", served("login"), _JFK, login=LOGIN),
    Case(
        "servers",
        "a login, gone wrong",
        served("login"),
        _refused("private_video", "login_failed"),
        login="user:wrong-secret",
    ),
]
