"""Common formats: each must be transcribed completely."""

from pathlib import Path

from benchmarks.media.case import Case, Make, Refused, Said, Transcribed
from benchmarks.media.recipes import Recipe, one, served
from benchmarks.media.workshop import Workshop

_JFK = (Transcribed((Said("jfk", 0),)),)
_TELEPHONE = (Transcribed((Said("jfk", 0),), most_errors=0.2),)
_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mp3": ("a.mp3", ()),
    "mp2": ("a.mp2", ("-c:a", "mp2", "-ar", "48000")),
    "m4a": ("a.m4a", ("-c:a", "aac")),
    "alac": ("a.m4a", ("-c:a", "alac")),
    "aac": ("a.aac", ("-c:a", "aac")),
    "flac": ("a.flac", ()),
    "opus": ("a.opus", ("-c:a", "libopus")),
    "vorbis": ("a.ogg", ("-c:a", "libvorbis")),
    "wma": ("a.wma", ("-c:a", "wmav2")),
    "wma 1": ("a.wma", ("-c:a", "wmav1", "-ar", "44100")),
    "ac3": ("a.ac3", ("-c:a", "ac3", "-ar", "48000")),
    "aiff": ("a.aiff", ()),
    "aiff of floats": ("a.aiff", ("-c:a", "pcm_f32be")),
    "caf": ("a.caf", ("-c:a", "pcm_s16le")),
    "caf with alac": ("a.caf", ("-c:a", "alac")),
    "w64": ("a.w64", ()),
    "rf64": ("a.wav", ("-rf64", "always")),
    "au": ("a.au", ()),
    "wv": ("a.wv", ("-c:a", "wavpack")),
    "tta": ("a.tta", ("-c:a", "tta")),
    "voc": ("a.voc", ()),
    "avi": ("a.avi", ("-c:a", "libmp3lame", "-ar", "44100")),
    "mov": ("a.mov", ("-c:a", "pcm_s24le")),
    "mpg": ("a.mpg", ("-c:a", "mp2", "-ar", "48000")),
    "mka": ("a.mka", ("-c:a", "libopus")),
    "mkv with pcm": ("a.mkv", ("-c:a", "pcm_s16le")),
    "flv": ("a.flv", ("-c:a", "aac", "-ar", "44100")),
    "3gp": ("a.3gp", ("-c:a", "aac")),
    "webm": ("a.webm", ("-c:a", "libopus")),
    "wav of 8 bits": ("a.wav", ("-c:a", "pcm_u8")),
    "wav of 24 bits": ("a.wav", ("-c:a", "pcm_s24le", "-ar", "96000")),
    "wav of 64-bit floats": ("a.wav", ("-c:a", "pcm_f64le")),
    "wav with adpcm": ("a.wav", ("-c:a", "adpcm_ms")),
    "wav with mp3": ("a.wav", ("-c:a", "libmp3lame", "-ar", "44100")),
    "low bit rate opus": ("a.opus", ("-c:a", "libopus", "-b:a", "12k")),
}
_TELEPHONE_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "amr": ("a.amr", ("-c:a", "libopencore_amrnb", "-ar", "8000")),
    "3gp with amr": ("a.3gp", ("-c:a", "libopencore_amrnb", "-ar", "8000")),
    "wav with alaw": ("a.wav", ("-c:a", "pcm_alaw", "-ar", "8000")),
    "gsm-like 8 kHz mp3": ("a.mp3", ("-ar", "8000", "-b:a", "16k")),
}


def _renamed(name: str, made: str, *encode: str) -> Make:
    """Write a file with the suffix of another format, or none."""

    def make(shop: Workshop, own: Path) -> str:
        Recipe(encode=encode).make(shop, own / made).rename(own / name)
        return name

    return make


def _piped(shop: Workshop, own: Path) -> str:
    """Write WebM like a recording browser: without length and index."""
    source = Recipe().make(shop, own / "a.wav")
    shop.ffmpeg("-i", source, "-c:a", "libopus", "-f", "webm", "-live", "1", own / "a.webm")
    return "a.webm"


def _pictured(picture_type: bytes) -> Make:
    """Add a cover to an MP3, with a wrong media type."""

    def make(shop: Workshop, own: Path) -> str:
        source = Recipe().make(shop, own / "a.wav")
        shop.ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", own / "cover.jpg")
        shop.ffmpeg(
            "-i", source, "-i", own / "cover.jpg", "-map", "0:a", "-map", "1:v", "-c:v", "copy",
            "-c:a", "libmp3lame", "-disposition:v", "attached_pic", own / "cover.mp3",
        )  # fmt: skip
        data = (own / "cover.mp3").read_bytes()
        (own / "cover.mp3").write_bytes(data.replace(b"image/jpeg", picture_type))
        return "cover.mp3"

    return make


_HEADERLESS = (Refused(frozenset({"not_audio"})),)
CASES = [
    *(
        Case("formats", name, one(file, Recipe(encode=encode)), _JFK)
        for name, (file, encode) in _FORMS.items()
    ),
    *(
        Case("formats", name, one(file, Recipe(encode=encode)), _TELEPHONE)
        for name, (file, encode) in _TELEPHONE_FORMS.items()
    ),
    Case("formats", "opus without a suffix", _renamed("noext", "a.opus"), _JFK),
    Case(
        "formats",
        "opus without a suffix, uploaded",
        _renamed("noext", "a.opus"),
        _JFK,
        is_upload=True,
    ),
    Case("formats", "mp4 named wav", _renamed("a.wav", "b.mp4", "-c:a", "aac"), _JFK),
    Case("formats", "wav named mp3", _renamed("a.mp3", "b.wav"), _JFK),
    Case("formats", "webm as a browser records it", _piped, _JFK),
    Case("formats", "mp3 with a cover of a wrong type", _pictured(b"image/png\0"), _JFK),
    Case("formats", "mp3 with a cover", _pictured(b"image/jpeg"), _JFK),
    Case(
        "formats",
        "headerless telephony",
        one("a.ulaw", Recipe(encode=("-f", "mulaw", "-ar", "8000"))),
        _HEADERLESS,
    ),
    Case(
        "formats",
        "headerless telephony, uploaded",
        one("a.ulaw", Recipe(encode=("-f", "mulaw", "-ar", "8000"))),
        _HEADERLESS,
        is_upload=True,
    ),
    Case("formats", "mp3 as any bytes", served("binary"), _JFK),
]
