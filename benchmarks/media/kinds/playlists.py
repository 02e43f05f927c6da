"""HLS: discontinuities, ad breaks, maps, holes, encryption; and radio playlists."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benchmarks.media.case import Case, Json, Make, Refused, Right, Said, Transcribed
from benchmarks.media.clips import CLIPS
from benchmarks.media.recipes import PICTURE, X264, Recipe, mp3, said
from benchmarks.media.workshop import Take, Workshop

_MISSING = frozenset({"truncated_source", "damaged_packets"})
_RETRIED = Refused(frozenset({"source_unreachable", "incomplete_download"}), retryable=True)
_PIECE_S = 3.0
_SOON_S = 30.0
_AAC = ("-c:a", "aac", "-b:a", "64k")
Lines = list[str]


def _hls(
    shop: Workshop,
    own: Path,
    recipe: Recipe | None = None,
    *,
    stem: str = "s",
    form: str = "mpegts",
    more: Sequence[str] = _AAC,
) -> Lines:
    """Cut a recording into segments of three seconds, and return the playlist's lines."""
    source = (recipe or Recipe(said("jfk", "austen"))).make(shop, own / f"{stem}.wav")
    suffix = "m4s" if form == "fmp4" else "ts"
    init = ("-hls_segment_type", form, "-hls_fmp4_init_filename", f"{stem}-init.mp4")
    shop.ffmpeg(
        "-i", source.name, *more, "-f", "hls", "-hls_time", str(_PIECE_S), "-hls_list_size", "0",
        "-hls_playlist_type", "vod", *(init if form == "fmp4" else ()),
        "-hls_segment_filename", f"{stem}%d.{suffix}", f"{stem}.m3u8", cwd=own,
    )  # fmt: skip
    source.unlink()
    return (own / f"{stem}.m3u8").read_text().splitlines()


def _write(own: Path, lines: Sequence[str]) -> str:
    (own / "list.m3u8").write_text("\n".join(lines) + "\n")
    return "list.m3u8"


def _body(lines: Sequence[str]) -> Lines:
    """Return the segment lines of a playlist."""
    first = next(n for n, line in enumerate(lines) if line.startswith(("#EXTINF", "#EXT-X-MAP")))
    return [line for line in lines[first:] if line != "#EXT-X-ENDLIST"]


def _head(lines: Sequence[str]) -> Lines:
    return list(lines[: len(lines) - len(_body(lines)) - 1])


def _edited(edit: Callable[[Workshop, Path, Lines], Lines], *, form: str = "mpegts") -> Make:
    def make(shop: Workshop, own: Path) -> str:
        return _write(own, edit(shop, own, _hls(shop, own, form=form)))

    return make


def _renamed(old: str, new: str) -> Callable[[Workshop, Path, Lines], Lines]:
    return lambda _shop, _own, lines: [new if line == old else line for line in lines]


def _answered(
    piece: str, behaviour: str, argument: str = ""
) -> Callable[[Workshop, Path, Lines], Lines]:
    """Serve a segment with one of the server's behaviours."""

    def edit(shop: Workshop, own: Path, lines: Lines) -> Lines:
        inner = own.relative_to(shop.folder)
        url = f"/as/{behaviour}/{inner}/{piece}{argument and '?'}{argument}"
        return [url if line == piece else line for line in lines]

    return edit


def _halved(piece: str) -> Callable[[Workshop, Path, Lines], Lines]:
    def edit(_shop: Workshop, own: Path, lines: Lines) -> Lines:
        data = (own / piece).read_bytes()
        (own / piece).write_bytes(data[: len(data) // 2])
        return lines

    return edit


def _hole_cases() -> list[Case]:
    whole = (Transcribed((Said("jfk", 0), Said("austen", 11))),)
    refused: tuple[Right, ...] = (_RETRIED,)
    rows: list[tuple[str, Make, tuple[Right, ...]]] = [
        ("whole", _edited(lambda _shop, _own, lines: lines), whole),
        ("a piece is 404", _edited(_renamed("s2.ts", "gone2.ts")), refused),
        ("the first piece is 404", _edited(_renamed("s0.ts", "gone0.ts")), refused),
        ("the last piece is 404", _edited(_renamed("s5.ts", "gone5.ts")), refused),
        ("a piece is 410", _edited(_answered("s2.ts", "status", "410")), refused),
        ("a piece is 500 for ever", _edited(_answered("s2.ts", "status", "500")), refused),
        ("a piece of fmp4 is 404", _edited(_renamed("s2.m4s", "gone.m4s"), form="fmp4"), refused),
        ("a piece is 503 twice", _edited(_answered("s2.ts", "flaky")), whole),
        ("a piece is reset twice", _edited(_answered("s2.ts", "resetonce")), whole),
        ("a piece is cut in transit", _edited(_answered("s2.ts", "cut")), refused),
        ("a piece is cut in transit twice", _edited(_answered("s2.ts", "cutonce")), whole),
        ("a piece is half of what 206 says", _edited(_answered("s2.ts", "lie206")), refused),
        (
            "a piece is empty",
            _edited(_answered("s2.ts", "empty")),
            (
                _RETRIED,
                Transcribed(
                    _around(6, 9), may_warn=_MISSING, warnings=frozenset({"truncated_source"})
                ),
            ),
        ),
        (
            "a piece is a login page",
            _edited(_answered("s2.ts", "html")),
            (
                _RETRIED,
                Refused(frozenset({"source_unreachable", "not_audio"}), retryable=None),
                _hole(6, 9, "truncated_source"),
                _hole(6, 9, "damaged_packets"),
            ),
        ),
        (
            "a piece is half a file",
            _edited(_halved("s2.ts")),
            (_hole(7.5, 9, "truncated_source"), _hole(7.5, 9, "damaged_packets")),
        ),
        (
            "a piece of fmp4 is half a file",
            _edited(_halved("s2.m4s"), form="fmp4"),
            (_hole(7.5, 9, "truncated_source"), _hole(7.5, 9, "damaged_packets"), _RETRIED),
        ),
        (
            "the playlist has no end",
            _edited(lambda _s, _o, lines: lines[:-1]),
            (Refused(frozenset({"live_not_ended"})), *whole),
        ),
    ]
    return [Case("holes", name, make, right) for name, make, right in rows]


def _around(start_s: float, end_s: float) -> tuple[Said, ...]:
    """Return the words around a hole, with unchanged times."""
    return (
        Said("jfk", 0, until_s=start_s),
        Said("jfk", 0, from_s=end_s),
        Said("austen", 11),
    )


def _hole(start_s: float, end_s: float, code: str) -> Transcribed:
    return Transcribed(
        _around(start_s, end_s), frozenset({code}), may_warn=_MISSING, most_errors=0.2
    )


def _broken_up(*parts: tuple[str, int, int], form: str = "mpegts", picture: bool = False) -> Make:
    """Join parts of different rates and channels, each after a discontinuity."""

    def make(shop: Workshop, own: Path) -> str:
        whole: Lines = []
        head: Lines = []
        for number, (clip, rate_hz, channels) in enumerate(parts):
            more: tuple[str, ...] = (*_AAC, "-ar", str(rate_hz), "-ac", str(channels))
            if picture:
                film = f"testsrc2=s=160x90:r=20:d={CLIPS[clip].length_s}"
                more = ("-f", "lavfi", "-i", film, *X264, *more)
            recipe = Recipe((Take(clip),))
            lines = _hls(shop, own, recipe, stem=f"p{number}-", form=form, more=more)
            head = head or _head(lines)
            whole += ["#EXT-X-DISCONTINUITY"] * bool(whole) + _body(lines)
        return _write(own, [*head, *whole, "#EXT-X-ENDLIST"])

    return make


def _second_map(shop: Workshop, own: Path) -> str:
    """Repeat the map after a discontinuity, as servers do when they restart their packager."""
    lines = _hls(shop, own, form="fmp4")
    third = [n for n, line in enumerate(lines) if line.startswith("#EXTINF")][2]
    again = next(line for line in lines if line.startswith("#EXT-X-MAP"))
    return _write(own, [*lines[:third], "#EXT-X-DISCONTINUITY", again, *lines[third:]])


def _break_cases() -> list[Case]:
    ads = (("jfk", 44_100, 1), ("austen", 48_000, 2), ("jfk", 44_100, 1))
    thrice = (Transcribed((Said("jfk", 0), Said("austen", 11.05), Said("jfk", 18.2))),)
    two = (Transcribed((Said("jfk", 0), Said("austen", 11.05))),)
    twice = (("jfk", 44_100, 2), ("austen", 44_100, 2))
    return [
        Case("hls", "an ad break of another rate and channels", _broken_up(*ads), thrice),
        Case("hls", "an ad break with pictures", _broken_up(*ads, picture=True), thrice),
        Case("hls", "a discontinuity of the same form", _broken_up(*twice), two),
        Case("hls", "fmp4, each part with its own map", _broken_up(*ads, form="fmp4"), thrice),
        Case(
            "hls",
            "fmp4, the map repeated",
            _second_map,
            (Transcribed((Said("jfk", 0), Said("austen", 11))),),
        ),
        Case("hls", "fmp4, two maps of one form", _broken_up(*twice, form="fmp4"), two),
    ]


def _encrypted(shop: Workshop, own: Path) -> str:
    (own / "k.key").write_bytes(secrets.token_bytes(16))
    (own / "k.info").write_text("k.key\nk.key\n")
    source = Recipe(said("jfk", "austen")).make(shop, own / "s.wav")
    shop.ffmpeg(
        *PICTURE, "-i", source.name, "-map", "0:v", "-map", "1:a", "-shortest", "-c:v", "libx264",
        "-preset", "ultrafast", "-b:v", "1M", "-minrate", "1M", "-maxrate", "1M", "-bufsize", "1M",
        "-x264-params", "nal-hrd=cbr", *_AAC, "-f", "hls", "-hls_time", "5", "-hls_list_size", "0",
        "-hls_playlist_type", "vod", "-hls_key_info_file", "k.info", "list.m3u8", cwd=own,
    )  # fmt: skip
    return "list.m3u8"


def _downloaded_soon(job: Json) -> str | None:
    stage = job["stages"]["download"]
    moments = [datetime.fromisoformat(stage[name]) for name in ("started_at", "completed_at")]
    elapsed_s = (moments[1] - moments[0]).total_seconds()
    return f"the download took {elapsed_s:.0f} s" if elapsed_s > _SOON_S else None


def _late_picture(shop: Workshop, own: Path) -> str:
    source = Recipe().make(shop, own / "s.wav")
    shop.ffmpeg(
        *PICTURE, "-itsoffset", "4.9", "-i", source.name, "-map", "0:v", "-map", "1:a", "-t", "16",
        *X264, *_AAC, "-f", "hls", "-hls_time", "4", "-hls_list_size", "0",
        "-hls_playlist_type", "vod", "list.m3u8", cwd=own,
    )  # fmt: skip
    return "list.m3u8"


def _master(shop: Workshop, own: Path) -> str:
    """List the sound as a separate rendition."""
    _hls(shop, own)
    shop.ffmpeg(
        *PICTURE, "-t", "18", *X264, "-f", "hls", "-hls_time", "4", "-hls_list_size", "0",
        "-hls_playlist_type", "vod", "v.m3u8", cwd=own,
    )  # fmt: skip
    media = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",DEFAULT=YES,URI="s.m3u8"'
    stream = '#EXT-X-STREAM-INF:BANDWIDTH=200000,CODECS="avc1.42c00a,mp4a.40.2",AUDIO="a"'
    return _write(own, ["#EXTM3U", media, stream, "v.m3u8"])


def _radio(target: str) -> Make:
    def make(shop: Workshop, own: Path) -> str:
        mp3(shop, own / "jfk.mp3")
        inner = own.relative_to(shop.folder)
        url = re.sub(r"\{(\w+)\}", rf"/as/\1/{inner}/jfk.mp3", target)
        (own / "radio.m3u").write_text(f"#EXTM3U\n{url}\n")
        return "radio.m3u"

    return make


_WHOLE = (Transcribed((Said("jfk", 0), Said("austen", 11))),)
_ENDLESS = (
    Refused(
        frozenset({"file_too_large", "live_not_ended", "unsupported_url", "source_unreachable"}),
        retryable=None,
    ),
)
CASES = [
    *_hole_cases(),
    *_break_cases(),
    Case("hls", "AES-128", _encrypted, (replace(_WHOLE[0], checks=(_downloaded_soon,)),)),
    Case(
        "hls", "sound 4.9 s after the picture", _late_picture, (Transcribed((Said("jfk", 4.9),)),)
    ),
    Case("hls", "sound as a separate rendition", _master, _WHOLE),
    Case("radio", "m3u with a file", _radio("jfk.mp3"), (Transcribed((Said("jfk", 0),)),)),
    Case("radio", "m3u that leads to endless sound", _radio("{endless}"), _ENDLESS),
]
