"""Sound that starts after the picture or resumes late; edit lists."""

from dataclasses import replace
from pathlib import Path

from benchmarks.media.case import Case, Make, Said, Transcribed
from benchmarks.media.recipes import JFK, PICTURE, X264, Recipe, filmed
from benchmarks.media.workshop import Take, Workshop

_AAC = (*X264, "-c:a", "aac")
_MPEG2 = ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2", "-ar", "48000")
_GAP_S = 720.0


def _late_cases() -> list[Case]:
    forms = {
        "mkv": ("a.mkv", _AAC),
        "mp4": ("a.mp4", _AAC),
        "mp4 faststart": ("a.mp4", (*_AAC, "-movflags", "+faststart")),
        "fragmented mp4": ("a.mp4", (*_AAC, "-movflags", "+frag_keyframe+empty_moov")),
        "mov": ("a.mov", _AAC),
        "mov with pcm": ("a.mov", (*X264, "-c:a", "pcm_s16le")),
        "ts": ("a.ts", _AAC),
        "ts with mp2": ("a.ts", _MPEG2),
        "ts with ac3": ("a.ts", (*X264, "-c:a", "ac3", "-ar", "48000")),
        "m2ts": ("a.m2ts", (*X264, "-c:a", "ac3", "-ar", "48000")),
        "ts whose clock starts at ten hours": ("a.ts", (*_AAC, "-output_ts_offset", "36000")),
        "ts whose clock wraps": ("a.ts", (*_AAC, "-output_ts_offset", "95437")),
        "vob": ("a.vob", _MPEG2),
        "mpeg program stream": ("a.mpg", _MPEG2),
        "flv": ("a.flv", ("-c:v", "flv1", "-c:a", "libmp3lame", "-ar", "44100")),
        "flv with aac": ("a.flv", _AAC),
        "webm": ("a.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus")),
        "wmv": ("a.wmv", ("-c:v", "wmv2", "-c:a", "wmav2", "-ar", "44100")),
        "3gp": ("a.3gp", _AAC),
        "ogv": ("a.ogv", ("-c:v", "libtheora", "-c:a", "libvorbis", "-ar", "44100")),
    }
    return [
        Case(
            "late",
            f"4.9 s after the picture in {name}",
            filmed(file, 4.9, 16, *form),
            (Transcribed((Said("jfk", 4.9),)),),
        )
        for name, (file, form) in forms.items()
    ]


def _early(name: str) -> Make:
    """Let the picture start three seconds after the sound."""

    def make(shop: Workshop, own: Path) -> str:
        source = Recipe(JFK).make(shop, own / "sound.wav")
        shop.ffmpeg(
            "-itsoffset", "3", *PICTURE, "-i", source, "-map", "0:v", "-map", "1:a", "-t", "12",
            *_AAC, own / name,
        )  # fmt: skip
        return name

    return make


def _trimmed(name: str) -> Make:
    """Cut off the first three seconds with an edit list, without re-encoding."""

    def make(shop: Workshop, own: Path) -> str:
        Recipe(encode=("-c:a", "aac")).make(shop, own / "whole.m4a")
        shop.ffmpeg("-ss", "3", "-i", own / "whole.m4a", "-c", "copy", own / name)
        return name

    return make


def _resuming(name: str, *, has_picture: bool, codec: str = "aac") -> Make:
    """Let the sound pause for twelve minutes, in timestamps only, and then resume."""

    def make(shop: Workshop, own: Path) -> str:
        for number, clip in enumerate(("jfk", "austen")):
            Recipe((Take(clip),), encode=("-c:a", codec, "-ar", "48000")).make(
                shop, own / f"{number}.mka"
            )
        lines = ["ffconcat version 1.0", "file 0.mka", f"duration {11 + _GAP_S}", "file 1.mka"]
        (own / "list.txt").write_text("\n".join(lines))
        picture = ("-f", "lavfi", "-i", f"color=s=64x64:r=1:d={20 + _GAP_S}") if has_picture else ()
        maps = ("-map", "0:a", "-map", "1:v", *X264) if has_picture else ("-map", "0:a")
        shop.ffmpeg(
            "-f", "concat", "-i", "list.txt", *picture, *maps, "-c:a", "copy", name, cwd=own
        )
        return name

    return make


def _starting_late(name: str, at_s: float, *, has_picture: bool) -> Make:
    """Let the sound start after a number of seconds."""

    def make(shop: Workshop, own: Path) -> str:
        source = Recipe(JFK).make(shop, own / "sound.wav")
        picture = ("-f", "lavfi", "-i", f"color=s=64x64:r=1:d={at_s + 11}") if has_picture else ()
        maps = ("-map", "1:v", *X264) if has_picture else ()
        shop.ffmpeg(
            "-itsoffset", str(at_s), "-i", source, *picture, "-map", "0:a", *maps,
            "-ac", "2", "-ar", "48000", "-c:a", "aac", own / name,
        )  # fmt: skip
        return name

    return make


_RESUMED = Transcribed((Said("jfk", 0), Said("austen", 11 + _GAP_S)))
CASES = [
    *_late_cases(),
    Case(
        "late",
        "sound before the picture in mp4",
        _early("a.mp4"),
        (Transcribed((Said("jfk", 0),)),),
    ),
    Case(
        "late", "sound before the picture in ts", _early("a.ts"), (Transcribed((Said("jfk", 0),)),)
    ),
    Case(
        "late",
        "sound before the picture in mkv",
        _early("a.mkv"),
        (Transcribed((Said("jfk", 0),)),),
    ),
    Case(
        "late",
        "three seconds cut off by an edit list",
        _trimmed("a.m4a"),
        (Transcribed((Said("jfk", -3, from_s=3),), may_warn=frozenset({"truncated_source"})),),
    ),
    Case(
        "late",
        "twenty minutes after the picture",
        _starting_late("a.mkv", 1200, has_picture=True),
        (Transcribed((Said("jfk", 1200),)),),
    ),
    Case(
        "late",
        "twenty minutes after the picture in mp4",
        _starting_late("a.mp4", 1200, has_picture=True),
        (Transcribed((Said("jfk", 1200),)),),
    ),
    Case(
        "late",
        "twenty minutes, and no picture",
        _starting_late("a.mkv", 1200, has_picture=False),
        (Transcribed((Said("jfk", 1200),)), Transcribed((Said("jfk", 0),))),
    ),
    Case(
        "late",
        "resumes after twelve minutes in mkv",
        _resuming("a.mkv", has_picture=True),
        (_RESUMED,),
    ),
    Case(
        "late",
        "resumes after twelve minutes in mp4",
        _resuming("a.mp4", has_picture=True),
        (_RESUMED,),
    ),
    Case(
        "late",
        "resumes after twelve minutes in ts",
        _resuming("a.ts", has_picture=True),
        (_RESUMED,),
    ),
    Case(
        "late",
        "resumes after twelve minutes in mka",
        _resuming("a.mka", has_picture=False),
        # Without a picture, pauses and lost packets cannot be distinguished.
        (replace(_RESUMED, may_warn=frozenset({"damaged_packets"})),),
    ),
]
