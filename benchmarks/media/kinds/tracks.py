"""Files with several audio tracks, and tracks that cannot be decoded."""

from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.media.case import Case, Check, Json, Make, Refused, Said, Transcribed
from benchmarks.media.recipes import Recipe
from benchmarks.media.workshop import Take, Workshop

_SEVERAL = frozenset({"several_tracks"})
_NOT_AUDIO = (Refused(frozenset({"not_audio"}), retryable=False),)
_JFK = (Said("jfk", 0),)


def _tracks(
    name: str,
    clips: Sequence[str | None],
    *,
    languages: Sequence[str] = (),
    default: int | None = None,
    more: Sequence[str] = ("-c:a", "aac"),
) -> Make:
    """Write a file with a track per clip; None is a silent track."""

    def make(shop: Workshop, own: Path) -> str:
        inputs: list[str | Path] = []
        maps: list[str] = []
        for number, clip in enumerate(clips):
            source = Recipe((Take(clip),) if clip else (Take("jfk", 0, ()),))
            inputs += ["-i", source.make(shop, own / f"{number}.wav")]
            maps += ["-map", f"{number}:a"]
        for number, language in enumerate(languages):
            maps += [f"-metadata:s:a:{number}", f"language={language}"]
        if default is not None:
            for number in range(len(clips)):
                maps += [f"-disposition:a:{number}", "default" if number == default else "0"]
        shop.ffmpeg(*inputs, *maps, *more, own / name)
        return name

    return make


def _listing(count: int, chosen: int) -> Check:
    def check(job: Json) -> str | None:
        tracks = job.get("audio_tracks") or []
        numbers = [track.get("number") for track in tracks if track.get("chosen")]
        if len(tracks) == count and numbers == [chosen]:
            return None
        return (
            f"audio_tracks lists {len(tracks)} with {numbers} chosen, not {count} with [{chosen}]"
        )

    return check


def _track_cases() -> list[Case]:
    two = ("pt", "jfk")
    named = ("por", "eng")
    three = ("por", "eng", "eng")
    portuguese = (Said("pt", 0),)
    rows: list[tuple[str, Make, tuple[Said, ...], int, int, dict[str, object]]] = [
        (
            "first silent, second default",
            _tracks("a.mkv", (None, "jfk"), default=1),
            _JFK,
            2,
            2,
            {},
        ),
        ("first silent in mp4", _tracks("a.mp4", (None, "jfk")), _JFK, 2, 2, {}),
        ("second silent in mp4", _tracks("a.mp4", ("jfk", None)), _JFK, 2, 1, {}),
        ("silent one is the default", _tracks("a.mkv", (None, "jfk"), default=0), _JFK, 2, 2, {}),
        ("two silent, then speech", _tracks("a.mkv", (None, None, "jfk")), _JFK, 3, 3, {}),
        ("asked language", _tracks("a.mkv", two, languages=named), _JFK, 2, 2, {"language": "en"}),
        (
            "asked language in mp4",
            _tracks("a.mp4", two, languages=named),
            _JFK,
            2,
            2,
            {"language": "en"},
        ),
        (
            "asked language is the first's",
            _tracks("a.mkv", two, languages=named),
            portuguese,
            2,
            1,
            {"language": "pt"},
        ),
        ("track 2", _tracks("a.mkv", two), _JFK, 2, 2, {"audio_track": 2}),
        ("track 1", _tracks("a.mkv", two), portuguese, 2, 1, {"audio_track": 1}),
        ("track eng", _tracks("a.mkv", two, languages=named), _JFK, 2, 2, {"audio_track": "eng"}),
        ("track en", _tracks("a.mkv", two, languages=named), _JFK, 2, 2, {"audio_track": "en"}),
        (
            "dub, original, commentary",
            _tracks("a.mkv", ("pt", "jfk", "austen"), default=1, languages=three),
            _JFK,
            3,
            2,
            {},
        ),
        ("in ts", _tracks("a.ts", two, languages=named), _JFK, 2, 2, {"language": "en"}),
        ("first silent in ts", _tracks("a.ts", (None, "jfk")), _JFK, 2, 2, {}),
    ]
    return [
        Case(
            "tracks",
            name,
            make,
            (Transcribed(said, may_warn=_SEVERAL, checks=(_listing(count, chosen),)),),
            options,
        )
        for name, make, said, count, chosen, options in rows
    ] + _missing_track_cases()


def _missing_track_cases() -> list[Case]:
    commentary = _tracks(
        "a.mkv",
        ("austen", "jfk"),
        more=("-c:a", "aac", "-disposition:a:0", "comment", "-disposition:a:1", "default"),
    )
    wrong = Refused(frozenset({"invalid_track"}))
    return [
        Case("tracks", "commentary first", commentary, (Transcribed(_JFK, may_warn=_SEVERAL),)),
        Case(
            "tracks",
            "track 3 of two",
            _tracks("a.mkv", ("pt", "jfk")),
            (wrong,),
            {"audio_track": 3},
        ),
        Case(
            "tracks",
            "two tracks with speech",
            _tracks("a.mkv", ("jfk", "austen")),
            (Transcribed(_JFK, _SEVERAL),),
        ),
        Case(
            "tracks",
            "uploaded, asked language",
            _tracks("a.mkv", ("pt", "jfk"), languages=("por", "eng")),
            (Transcribed(_JFK, may_warn=_SEVERAL),),
            {"language": "en"},
            is_upload=True,
        ),
    ]


def _undecodable(name: str, clips: Sequence[str | None], broken: int) -> Make:
    """Set an unknown codec for one track of an MP4 (like Apple's spatial audio)."""
    intact = _tracks(name, clips)

    def make(shop: Workshop, own: Path) -> str:
        intact(shop, own)
        data = bytearray((own / name).read_bytes())
        at = -1
        for _ in range(broken + 1):
            at = data.index(b"mp4a", at + 1)
        data[at : at + 4] = b"apac"
        box = data.index(b"esds", at)
        data[box : box + 4] = b"dapa"
        (own / name).write_bytes(data)
        return name

    return make


def _unknown_in_mkv(broken: bytes) -> Callable[[Workshop, Path], str]:
    """Set an unknown codec for the first track of a Matroska file."""
    intact = _tracks("a.mkv", (None, "jfk"))

    def make(shop: Workshop, own: Path) -> str:
        intact(shop, own)
        data = (own / "a.mkv").read_bytes()
        (own / "a.mkv").write_bytes(data.replace(b"A_AAC", broken, 1))
        return "a.mkv"

    return make


_TRANSCRIBED = (Transcribed(_JFK, may_warn=_SEVERAL),)
CASES = [
    *_track_cases(),
    Case("undecodable", "second of two", _undecodable("a.mp4", ("jfk", None), 1), _TRANSCRIBED),
    Case("undecodable", "first of two", _undecodable("a.mp4", (None, "jfk"), 0), _TRANSCRIBED),
    Case(
        "undecodable",
        "the middle of three",
        _undecodable("a.m4a", (None, "austen", "jfk"), 1),
        _TRANSCRIBED,
    ),
    Case(
        "undecodable", "first of two in mov", _undecodable("a.mov", (None, "jfk"), 0), _TRANSCRIBED
    ),
    Case("undecodable", "the only one", _undecodable("a.mp4", ("jfk",), 0), _NOT_AUDIO),
    Case(
        "undecodable",
        "the only one, uploaded",
        _undecodable("a.mp4", ("jfk",), 0),
        _NOT_AUDIO,
        is_upload=True,
    ),
    Case("undecodable", "first of two in mkv", _unknown_in_mkv(b"A_XYZ"), _TRANSCRIBED),
    Case(
        "undecodable",
        "second of two, but asked for",
        _undecodable("a.mp4", ("jfk", "austen"), 1),
        (Refused(frozenset({"invalid_track"})),),
        {"audio_track": 2},
    ),
]
