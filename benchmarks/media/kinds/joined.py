"""Concatenated parts of different rate or channels; chained Ogg; jumping time lines."""

from collections.abc import Sequence

from benchmarks.media.case import Case, Make, Right, Said, Transcribed
from benchmarks.media.recipes import Recipe, concatenated
from benchmarks.media.workshop import Take

_MISSING = frozenset({"truncated_source", "damaged_packets"})


def _part(clip: str, rate_hz: int, channels: int, *more: str) -> Recipe:
    form = ("-ar", str(rate_hz), "-ac", str(channels))
    return Recipe((Take(clip),), encode=(*form, *more))


def _parts(forms: Sequence[tuple[int, int]], *more: str) -> list[Recipe]:
    clips = ("jfk", "austen", "jfk")
    return [
        _part(clip, rate, channels, *more)
        for clip, (rate, channels) in zip(clips, forms, strict=False)
    ]


_TWICE = (Said("jfk", 0), Said("austen", 11.06))
_THRICE = (*_TWICE, Said("jfk", 18.2))


def _case(name: str, file: str, parts: Sequence[Recipe], *, kind: str = "joined") -> Case:
    said = _TWICE if len(parts) == 2 else _THRICE  # noqa: PLR2004 - two parts or three
    return Case(kind, name, concatenated(file, parts), (Transcribed(said),))


def _simple_cases() -> list[Case]:
    adts = ("-c:a", "aac", "-b:a", "96k")
    low_high = [(44_100, 1), (48_000, 2)]
    three = [(44_100, 1), (48_000, 2), (22_050, 1)]
    ts = (*adts, "-f", "mpegts")
    return [
        _case("mp3 44.1 mono, 48 stereo", "a.mp3", _parts(low_high)),
        _case("mp3 48 stereo, 44.1 mono", "a.mp3", _parts(low_high[::-1])),
        _case("mp3 three parts, the last of MPEG-2", "a.mp3", _parts(three)),
        _case(
            "mp3 stereo, then mono at the same rate", "a.mp3", _parts([(44_100, 2), (44_100, 1)])
        ),
        _case("mp3 16 kHz, then 44.1", "a.mp3", _parts([(16_000, 1), (44_100, 2)])),
        _case("aac 44.1, then 48", "a.aac", _parts([(44_100, 1), (48_000, 1)], *adts)),
        _case("aac 48, then 44.1", "a.aac", _parts([(48_000, 2), (44_100, 2)], *adts)),
        _case("aac mono, then stereo", "a.aac", _parts([(44_100, 1), (44_100, 2)], *adts)),
        _case("aac three parts", "a.aac", _parts(three, *adts)),
        _case("mp2 joined", "a.mp2", _parts([(32_000, 1), (48_000, 2)], "-c:a", "mp2")),
        _case("ac3 stereo, then 5.1", "a.ac3", _parts([(48_000, 2), (48_000, 6)], "-c:a", "ac3")),
        _case("ac3 44.1, then 48", "a.ac3", _parts([(44_100, 2), (48_000, 1)], "-c:a", "ac3")),
        _case("ts 44.1 mono, then 48 stereo", "a.ts", _parts(low_high, *ts)),
        _case("ts three parts", "a.ts", _parts(three, *ts)),
    ]


def _chained_cases() -> list[Case]:
    mono_stereo = [(48_000, 1), (48_000, 2)]
    libvorbis = ("-c:a", "libvorbis")
    forms = {
        "opus mono, then stereo": ("a.opus", mono_stereo, ("-c:a", "libopus")),
        "opus stereo, then mono": ("a.opus", mono_stereo[::-1], ("-c:a", "libopus")),
        "opus three links": ("a.opus", [*mono_stereo, (48_000, 1)], ("-c:a", "libopus")),
        "opus, the same twice": ("a.opus", [(48_000, 1)] * 2, ("-c:a", "libopus")),
        "vorbis mono, then stereo": ("a.ogg", [(44_100, 1), (44_100, 2)], libvorbis),
        "vorbis 22.05, then 44.1": ("a.ogg", [(22_050, 1), (44_100, 1)], libvorbis),
        "vorbis stereo, then mono of another rate": (
            "a.ogg",
            [(48_000, 2), (32_000, 1)],
            libvorbis,
        ),
        "flac in ogg mono, then stereo": ("a.oga", [(44_100, 1), (44_100, 2)], ("-c:a", "flac")),
    }
    return [
        _case(name, file, _parts(rates, *more), kind="chained")
        for name, (file, rates, more) in forms.items()
    ]


def _jumping(name: str, offsets_s: Sequence[float], forms: Sequence[tuple[int, int]]) -> Make:
    """Join transport streams whose clocks start at different times."""
    parts = [
        _part(clip, rate, channels, "-c:a", "aac", "-output_ts_offset", str(offset), "-f", "mpegts")
        for clip, (rate, channels), offset in zip(
            ("jfk", "austen", "jfk"), forms, offsets_s, strict=False
        )
    ]
    return concatenated(name, parts)


def _renumbered(name: str, numbers: Sequence[int], *more: str) -> Case:
    """Join transport streams whose sound has another number in each part."""
    parts = [
        _part(clip, 48_000, 1, "-c:a", "aac", "-streamid", f"0:{number}", *more, "-f", "mpegts")
        for clip, number in zip(("jfk", "austen", "jfk"), numbers, strict=False)
    ]
    said = (_TWICE, _THRICE)[len(numbers) - 2]
    return Case("joined", name, concatenated("a.ts", parts), (Transcribed(said),))


def _clock_cases() -> list[Case]:
    same = [(48_000, 2)] * 2
    differing = [(44_100, 1), (48_000, 2), (48_000, 1)]
    wrap_s = 2**33 / 90_000
    return [
        Case("joined", name, _jumping("a.ts", offsets, forms), (Transcribed(said),))
        for name, offsets, forms, said in (
            ("ts whose clock jumps an hour ahead", (0, 3600), same, _TWICE),
            ("ts whose clock jumps an hour back", (3600, 0), same, _TWICE),
            (
                "ts whose clock jumps, and rate and channels change",
                (0, 7200, 100),
                differing,
                _THRICE,
            ),
            ("ts whose clock wraps in the first part", (wrap_s - 5, 1000), same, _TWICE),
            ("ts whose clock jumps back a little", (0, 5), same, _TWICE),
        )
    ]


def _boxes(name: str, file: str, encode: Sequence[str]) -> Case:
    """Join complete files with an index each: players play the first, or both."""
    parts = _parts([(44_100, 1), (48_000, 2)], *encode)
    first = Transcribed(_TWICE[:1], may_warn=_MISSING, warnings=frozenset({"truncated_source"}))
    damaged = Transcribed(_TWICE[:1], may_warn=_MISSING, warnings=frozenset({"damaged_packets"}))
    right: tuple[Right, ...] = (Transcribed(_TWICE, may_warn=_MISSING), first, damaged)
    return Case("joined", name, concatenated(file, parts), right)


CASES = [
    *_simple_cases(),
    *_chained_cases(),
    *_clock_cases(),
    _renumbered("ts whose sound gets another number", (257, 300)),
    # Padding makes the first part larger than what libav looks at for streams.
    _renumbered("a large ts with a break of another number", (257, 300, 257), "-muxrate", "5M"),
    _boxes("two mp4 in one file", "a.mp4", ("-c:a", "aac")),
    _boxes("two faststart m4a in one file", "a.m4a", ("-c:a", "aac", "-movflags", "+faststart")),
    _boxes("two mkv in one file", "a.mkv", ("-c:a", "libopus", "-ar", "48000")),
    _boxes("two flac in one file", "a.flac", ("-c:a", "flac")),
]
