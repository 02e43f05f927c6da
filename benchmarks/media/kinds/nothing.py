"""Inputs without sound, and sound without speech."""

import zipfile
from pathlib import Path

import numpy as np

from benchmarks.media.case import Case, Make, Refused, Right, Transcribed
from benchmarks.media.clips import SAMPLES, Sound
from benchmarks.media.recipes import PICTURE, X264, Recipe, copied, make_noise, one
from benchmarks.media.workshop import Take, Workshop, write_wav
from benchmarks.services.signals import make_music

_NOT_AUDIO = frozenset({"not_audio"})
_BY_URL = frozenset({"not_audio", "unsupported_url"})
_SILENT = Transcribed((), frozenset({"no_speech"}), may_warn=frozenset({"clipped"}))


def _empty_wav(count: int) -> bytes:
    data = bytes(2 * count)
    form = bytes.fromhex("0100 0100 803e0000 007d0000 0200 1000")
    chunks = b"WAVEfmt " + (16).to_bytes(4, "little") + form
    chunks += b"data" + len(data).to_bytes(4, "little") + data
    return b"RIFF" + len(chunks).to_bytes(4, "little") + chunks


def _zipped(_shop: Workshop, own: Path) -> str:
    with zipfile.ZipFile(own / "z.mp3", "w") as file:
        file.write(SAMPLES / "jfk.wav", "jfk.wav")
    return "z.mp3"


def _lavfi(name: str, *arguments: str) -> Make:
    def make(shop: Workshop, own: Path) -> str:
        shop.ffmpeg("-f", "lavfi", "-i", *arguments, own / name)
        return name

    return make


def _as_mp3(shop: Workshop, own: Path) -> str:
    _lavfi("img.png", "testsrc2=s=64x64", "-frames:v", "1")(shop, own)
    (own / "img.png").rename(own / "img.mp3")
    return "img.mp3"


def _no_sound_cases() -> list[Case]:
    draw = np.random.default_rng(7)
    rows: dict[str, Make] = {
        "text": copied(b"hello, this is text and no sound\n", "text.mp3"),
        "long text": copied(b"word " * 20_000, "text.mp3"),
        "html": copied(b"<html><body>no sound</body></html>" * 50, "page.wav"),
        "a zip": _zipped,
        "a picture": _as_mp3,
        "a png": _lavfi("img.png", "testsrc2=s=64x64", "-frames:v", "1"),
        "a moving gif": _lavfi("a.gif", "testsrc2=s=64x64:d=1"),
        "a film without sound": _lavfi("a.mp4", PICTURE[-1], "-t", "5", *X264),
        "random bytes": copied(draw.bytes(100_000), "random.mp3"),
        "a pdf": copied(b"%PDF-1.4\n" + b"0 0 obj\n" * 1000, "paper.mp3"),
        "json": copied(b'{"error": "not found"}', "answer.m4a"),
        "subtitles": copied(b"1\n00:00:01,000 --> 00:00:02,000\nhello\n", "a.srt"),
    }
    upload: tuple[Right, ...] = (Refused(_NOT_AUDIO),)
    url: tuple[Right, ...] = (Refused(_BY_URL),)
    cases = [Case("no-sound", name, make, url) for name, make in rows.items()]
    cases += [
        Case("no-sound", f"{name}, uploaded", rows[name], upload, is_upload=True)
        for name in (
            "text",
            "long text",
            "a picture",
            "a zip",
            "a film without sound",
            "random bytes",
        )
    ]
    empty: tuple[Right, ...] = (Refused(frozenset({"empty_file"})),)
    either = (Refused(_BY_URL), _SILENT)
    return [
        *cases,
        Case("no-sound", "0 bytes mp3", copied(b"", "zero.mp3"), empty),
        Case("no-sound", "0 bytes wav", copied(b"", "zero.wav"), empty),
        Case("no-sound", "one sample", copied(_empty_wav(1), "one.wav"), either),
        Case("no-sound", "no sample", copied(_empty_wav(0), "none.wav"), either),
        Case(
            "no-sound",
            "one sample, uploaded",
            copied(_empty_wav(1), "one.wav"),
            either,
            is_upload=True,
        ),
        Case(
            "no-sound",
            "no sample, uploaded",
            copied(_empty_wav(0), "none.wav"),
            either,
            is_upload=True,
        ),
    ]


def _noise(color: float, level: float, seconds: int = 30, *, beats_hz: float = 0.0) -> Make:
    def change(sound: Sound, rate_hz: int) -> Sound:
        noise = make_noise(sound.shape[1], level, color=color)
        if beats_hz:
            time_s = np.arange(sound.shape[1]) / rate_hz
            noise *= (0.55 + 0.45 * np.sin(2 * np.pi * beats_hz * time_s)).astype(np.float32)
        return sound + noise

    return one("noise.wav", Recipe((Take("jfk", 0, ()),), length_s=seconds, change=(change,)))


def _music(_shop: Workshop, own: Path) -> str:
    music = make_music(40 * 16_000, rate_hz=16_000).T.astype(np.float32)
    return write_wav(own / "music.wav", music * np.float32(0.5), 16_000).name


def _claps(_shop: Workshop, own: Path) -> str:
    """Generate applause: thousands of short bursts at random times."""
    draw = np.random.default_rng(3)
    sound = np.zeros(30 * 16_000, np.float32)
    for at in draw.integers(0, len(sound) - 800, 4000):
        length = int(draw.integers(200, 800))
        burst = draw.standard_normal(length) * np.exp(-np.arange(length) / 120)
        sound[at : at + length] += (0.08 * draw.random() * burst).astype(np.float32)
    return write_wav(own / "claps.wav", sound[None], 16_000).name


def _breath(_shop: Workshop, own: Path) -> str:
    """Generate breathing: slow swells of filtered noise."""
    count = 30 * 16_000
    time_s = np.arange(count) / 16_000
    swell = np.maximum(0, np.sin(2 * np.pi * time_s / 4)) ** 2
    noise = make_noise(count, 0.05, color=1.0, seed=5)
    return write_wav(own / "breath.wav", (noise * swell).astype(np.float32)[None], 16_000).name


def _silent_cases() -> list[Case]:
    rows: dict[str, Make] = {
        "two hours of silence": _lavfi(
            "a.opus", "anullsrc=r=16000:cl=mono", "-t", "7200", "-c:a", "libopus", "-b:a", "8k"
        ),
        "digital silence": one("a.wav", Recipe((Take("jfk", 0, ()),), length_s=20)),
        "a tone": _lavfi("a.wav", "sine=440", "-t", "20"),
        "a telephone's ring": _lavfi("a.wav", "sine=425,tremolo=f=0.3:d=1", "-t", "30"),
        "beating pink noise": _noise(1, 0.2, beats_hz=3),
        "white noise": _noise(0, 0.1),
        "brown noise": _noise(2, 0.2),
        "loud white noise": _noise(0, 0.4),
        "quiet hiss": _noise(0, 0.003),
        "music": _music,
        "applause": _claps,
        "breath": _breath,
        "a film with silence": _lavfi(
            "a.mp4", PICTURE[-1], "-f", "lavfi", "-i", "anullsrc", "-t", "8", *X264, "-c:a", "aac"
        ),
    }
    return [Case("no-speech", name, make, (_SILENT,)) for name, make in rows.items()]


CASES = [*_no_sound_cases(), *_silent_cases()]
