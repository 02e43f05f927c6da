"""Files with wrong sizes, truncated files, and damaged ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.media.case import Case, Make, Refused, Right, Said, Transcribed
from benchmarks.media.recipes import Recipe, one, said, scaled
from benchmarks.media.workshop import Workshop

_TRUNCATED = frozenset({"truncated_source"})
_DAMAGED = frozenset({"damaged_packets"})
_ANY = _TRUNCATED | _DAMAGED | {"low_confidence", "speech_without_text"}
_CLIPPED = frozenset({"clipped"})
_JFK = (Said("jfk", 0),)
_NOT_AUDIO = Refused(frozenset({"not_audio"}))
_MP3 = ("-ar", "44100", "-b:a", "64k")
_AAC, _OPUS = ("-c:a", "aac", "-b:a", "64k"), ("-c:a", "libopus", "-b:a", "48k")


def _sized(claimed: Callable[[int], int], riff: Callable[[int], int] | None = None) -> Recipe:
    """Return a WAV whose header has a wrong size."""

    def change(data: bytearray) -> bytearray:
        at = data.index(b"data")
        size = len(data) - at - 8
        data[at + 4 : at + 8] = claimed(size).to_bytes(4, "little")
        whole = (riff or claimed)(len(data) - 8)
        data[4:8] = whole.to_bytes(4, "little")
        return data

    return Recipe(patches=(change,))


def _size_cases() -> list[Case]:
    largest = 2**32 - 1
    whole: tuple[Right, ...] = (Transcribed(_JFK, may_warn=_TRUNCATED),)
    sizes = {
        "unknown, as a pipe writes it": lambda _size: largest,
        "0": lambda _size: 0,
        "a third": lambda size: size // 3,
        "twice": lambda size: 2 * size,
        "signed maximum": lambda _size: 2**31 - 1,
    }
    odd = Recipe(patches=(lambda data: data + b"\0",))
    return [
        *(
            Case("sizes", f"wav: {name}", one("a.wav", _sized(size)), whole)
            for name, size in sizes.items()
        ),
        Case("sizes", "wav: an odd byte at the end", one("a.wav", odd), whole),
        Case(
            "sizes",
            "wav: unknown size, uploaded",
            one("a.wav", _sized(lambda _size: largest)),
            whole,
            is_upload=True,
        ),
    ]


def _float_cases() -> list[Case]:
    transcribed = (Transcribed(_JFK, may_warn=_CLIPPED),)
    loud = {gain: Recipe(change=(scaled(gain),), is_float=True) for gain in (8.0, 1e4, 1e9, 1e-4)}

    def spoil(sound: np.ndarray, rate_hz: int) -> np.ndarray:
        broken = sound.copy()
        broken[0, 11 * rate_hz :] = np.nan
        broken[0, 12 * rate_hz :] = np.inf
        return broken

    nan = Recipe(length_s=13, change=(spoil,), is_float=True)
    clipped = Recipe(change=(scaled(12.0),))
    return [
        *(
            Case("sizes", f"float samples times {gain:g}", one("a.wav", recipe), transcribed)
            for gain, recipe in loud.items()
        ),
        Case(
            "sizes",
            "float samples that are no numbers at the end",
            one("a.wav", nan),
            (Transcribed(_JFK, may_warn=_ANY | _CLIPPED),),
        ),
        Case(
            "sizes",
            "clipped speech",
            one("a.wav", clipped),
            (Transcribed(_JFK, _CLIPPED, may_warn=frozenset({"low_confidence"}), most_errors=0.2),),
        ),
    ]


def _cut(name: str, share: float, *encode: str) -> Make:
    """Keep the first part of a file of two clips."""

    def make(shop: Workshop, own: Path) -> str:
        path = Recipe(said("jfk", "austen"), encode=encode).make(shop, own / name)
        data = path.read_bytes()
        path.write_bytes(data[: round(len(data) * share)])
        return name

    return make


def _until(share: float) -> tuple[Said, ...]:
    """Return the words in the first part of the two clips, accurate to about a second."""
    end_s = 18.1 * share
    first = Said("jfk", 0, until_s=end_s) if end_s < 11 else Said("jfk", 0)  # noqa: PLR2004
    return (first, Said("austen", 11, until_s=end_s - 11)) if end_s > 11 else (first,)  # noqa: PLR2004


def _truncated_cases() -> list[Case]:
    rate = ("-ar", "48000")
    fast = ("-movflags", "+faststart")
    forms: dict[str, tuple[str, tuple[str, ...], frozenset[str]]] = {
        "wav": ("a.wav", (), _TRUNCATED),
        "aiff": ("a.aiff", (), _TRUNCATED),
        "mp3": ("a.mp3", (*rate, "-b:a", "64k"), _TRUNCATED),
        "faststart mp4": ("a.mp4", (*_AAC, *fast), _TRUNCATED),
        "fragmented mp4": (
            "a.mp4",
            (*_AAC, "-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "1000000"),
            frozenset(),
        ),
        "mkv": ("a.mkv", _AAC, _TRUNCATED),
        "webm": ("a.webm", _OPUS, _TRUNCATED),
        "ogg": ("a.opus", _OPUS, frozenset()),
        "ts": ("a.ts", _AAC, frozenset()),
        "flac": ("a.flac", ("-c:a", "flac"), _TRUNCATED),
        "wma": ("a.wma", ("-c:a", "wmav2", "-ar", "44100"), _TRUNCATED),
        "avi": ("a.avi", ("-c:a", "libmp3lame", "-ar", "44100"), _TRUNCATED),
        "caf": ("a.caf", ("-c:a", "pcm_s16be"), _TRUNCATED),
    }
    cases = [
        Case(
            "truncated",
            f"{name} after {share:.0%}",
            _cut(file, share, *encode),
            (Transcribed(_until(share), warned, may_warn=_ANY, most_errors=0.15),),
        )
        for name, (file, encode, warned) in forms.items()
        for share in (0.5, 0.75)
    ]
    nearly = [
        Case(
            "truncated",
            f"{name} after {share:.0%}",
            _cut(file, share, *forms[name][1]),
            (Transcribed(_until(share), forms[name][2], may_warn=_ANY, most_errors=0.15),),
        )
        for name, file, share in (
            ("mp3", "a.mp3", 0.3),
            ("faststart mp4", "a.mp4", 0.9),
            ("mkv", "a.mkv", 0.9),
        )
    ]
    no_index = (_NOT_AUDIO, Refused(frozenset({"truncated_source"})))
    return [
        *cases,
        *nearly,
        Case("truncated", "mp4 whose index is gone", _cut("a.mp4", 0.6, *_AAC), no_index),
        Case(
            "truncated",
            "mp4 whose index is gone, uploaded",
            _cut("a.mp4", 0.6, *_AAC),
            no_index,
            is_upload=True,
        ),
        Case(
            "truncated",
            "wav of which a header is left",
            _cut("a.wav", 0.00007),
            (_NOT_AUDIO, Transcribed((), frozenset({"no_speech"}), may_warn=_ANY)),
        ),
    ]


def _overwritten(name: str, count: int, length: int, *encode: str) -> Make:
    """Overwrite parts of the media data with random bytes."""

    def make(shop: Workshop, own: Path) -> str:
        path = Recipe(said("jfk", "austen"), encode=encode).make(shop, own / name)
        data, draw = bytearray(path.read_bytes()), shop.draw(name)
        first = max(len(data) // 20, data.find(b"mdat") + 8, 2000)
        last = data.rfind(b"moov") if data.rfind(b"moov") > first else len(data)
        for _ in range(count):
            at = draw.randrange(first, last - length)
            data[at : at + length] = draw.randbytes(length)
        path.write_bytes(data)
        return name

    return make


def _without_packets(name: str, share: float) -> Make:
    """Remove some packets of 188 bytes from a transport stream."""

    def make(shop: Workshop, own: Path) -> str:
        path = Recipe(said("jfk", "austen"), encode=_AAC).make(shop, own / name)
        data, draw = path.read_bytes(), shop.draw(name)
        packets = [data[at : at + 188] for at in range(0, len(data), 188)]
        kept = [each for n, each in enumerate(packets) if n < 6 or draw.random() > share]  # noqa: PLR2004
        path.write_bytes(b"".join(kept))
        return name

    return make


def _zeroed(name: str, start: float, end: float, *encode: str) -> Make:
    """Overwrite a part of the file with zeros, as in an incomplete download."""

    def make(shop: Workshop, own: Path) -> str:
        path = Recipe(said("jfk", "austen"), encode=encode).make(shop, own / name)
        data = bytearray(path.read_bytes())
        first, last = round(len(data) * start), round(len(data) * end)
        data[first:last] = bytes(last - first)
        path.write_bytes(data)
        return name

    return make


def _interrupted(name: str, *encode: str) -> Make:
    """Insert random bytes in the middle, as many as there are."""

    def make(shop: Workshop, own: Path) -> str:
        path = Recipe(said("jfk", "austen"), encode=encode).make(shop, own / name)
        data, draw = path.read_bytes(), shop.draw(name)
        middle = len(data) // 2
        path.write_bytes(data[:middle] + draw.randbytes(len(data)) + data[middle:])
        return name

    return make


def _damaged_cases() -> list[Case]:
    transcribed = (Transcribed(_until(1.0), _DAMAGED, may_warn=_ANY, most_errors=0.35),)
    rows = {
        "mp4": _overwritten("a.mp4", 12, 16, *_AAC),
        "faststart mp4": _overwritten("a.mp4", 12, 16, *_AAC, "-movflags", "+faststart"),
        "mkv": _overwritten("a.mkv", 10, 16, *_AAC),
        "mp3": _overwritten("a.mp3", 6, 200, "-ar", "44100", "-b:a", "64k"),
        "flac": _overwritten("a.flac", 5, 16, "-c:a", "flac"),
        "opus": _overwritten("a.opus", 4, 16, *_OPUS),
        "adts": _overwritten("a.aac", 10, 16, *_AAC),
        "ts": _overwritten("a.ts", 10, 16, *_AAC),
        "ts without some packets": _without_packets("a.ts", 0.03),
    }
    holes = {
        "mp4 with a hole of zeros": _zeroed("a.mp4", 0.7, 0.75, *_AAC),
        "opus with a hole of zeros": _zeroed("a.opus", 0.7, 0.75, *_OPUS),
        "mkv with a hole of zeros": _zeroed("a.mkv", 0.7, 0.75, *_AAC),
        "flac with a hole of zeros": _zeroed("a.flac", 0.7, 0.75, "-c:a", "flac"),
        "mp3 with a hole of zeros": _zeroed("a.mp3", 0.7, 0.75, *_MP3),
        "mp3 without a count, with a hole of zeros": _zeroed(
            "a.mp3", 0.7, 0.75, *_MP3, "-write_xing", "0"
        ),
        "mp3 of a varying rate with a hole of zeros": _zeroed(
            "a.mp3", 0.7, 0.75, "-ar", "44100", "-q:a", "4"
        ),
    }
    hole = (
        Transcribed(
            (Said("jfk", 0), Said("austen", 11, until_s=1.2), Said("austen", 11, from_s=3.2)),
            _DAMAGED,
            may_warn=_ANY,
            most_errors=0.25,
        ),
    )
    return [
        *(Case("damaged", name, make, transcribed) for name, make in rows.items()),
        *(Case("damaged", name, make, hole) for name, make in holes.items()),
        Case(
            "damaged", "mp3 with garbage in the middle", _interrupted("a.mp3", *_MP3), transcribed
        ),
    ]


CASES = [*_size_cases(), *_float_cases(), *_truncated_cases(), *_damaged_cases()]
