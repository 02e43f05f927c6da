"""The fake services' artifacts, derived from their input only."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

DEFAULT_BYTES = 100_000
HEAD_BYTES = 4096
_BLOCK_BYTES = 64 * 1024
_WORDS = (
    *("river", "stone", "window", "garden", "morning", "letter", "silver", "engine"),
    *("forest", "candle", "harbor", "violin", "summer", "bridge", "planet", "thunder"),
)
_WORDS_PER_SEGMENT = 3
_SEGMENT_S = 1.5


@dataclass(frozen=True)
class Artifact:
    """Bytes derived from a label, generated in chunks."""

    label: str
    size_bytes: int

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes in order, 64 KiB at a time."""
        block = hashlib.shake_128(self.label.encode()).digest(min(_BLOCK_BYTES, self.size_bytes))
        whole, rest = divmod(self.size_bytes, _BLOCK_BYTES)
        for _ in range(whole):
            yield block
        if rest:
            yield block[:rest]

    def sha256(self) -> str:
        """Return the cached hexadecimal checksum."""
        return _sha256(self)


@lru_cache(maxsize=1024)
def _sha256(artifact: Artifact) -> str:
    digest = hashlib.sha256()
    for chunk in artifact.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def downloaded(url: str, size_bytes: int = DEFAULT_BYTES) -> Artifact:
    """Return the downloader's artifact for a URL."""
    return Artifact(f"downloaded:{url}", size_bytes)


def normalized(upload_sha256: str, size_bytes: int = DEFAULT_BYTES) -> Artifact:
    """Return the normalizer's artifact for an upload, independent of its options."""
    return Artifact(f"normalized:{upload_sha256}", size_bytes)


def transcript_segments(
    upload_sha256: str, language: str = "auto", language_out: str | None = None
) -> list[dict[str, Any]]:
    """Return the transcriber's segments for an upload, without words."""
    digest = hashlib.sha256(f"{upload_sha256}:{language}:{language_out}".encode()).digest()
    words = [language, *([language_out] if language_out else [])]
    words += [_WORDS[byte % len(_WORDS)] for byte in digest[:16]]
    texts = [
        " ".join(words[at : at + _WORDS_PER_SEGMENT])
        for at in range(0, len(words), _WORDS_PER_SEGMENT)
    ]
    return [
        {
            "text": text,
            "start": index * _SEGMENT_S,
            "end": (index + 1) * _SEGMENT_S,
            "duration": _SEGMENT_S,
        }
        for index, text in enumerate(texts)
    ]


def with_words(segments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return segments with word times in every second one."""
    return [
        segment | {"words": _timed_words(segment)} if at % 2 else segment
        for at, segment in enumerate(segments)
    ]


def _timed_words(segment: dict[str, Any]) -> list[dict[str, Any]]:
    words = segment["text"].split()
    step_s = segment["duration"] / len(words)
    return [
        {
            "word": f" {word}",
            "start": segment["start"] + at * step_s,
            "end": segment["start"] + (at + 1) * step_s,
            "confidence": 0.9,
        }
        for at, word in enumerate(words)
    ]


def captions_segments(url: str) -> list[dict[str, Any]]:
    """Return the publisher's subtitles of a video."""
    return transcript_segments(hashlib.sha256(url.encode()).hexdigest(), "captions")


def transcript_text(
    upload_sha256: str, language: str = "auto", language_out: str | None = None
) -> str:
    """Return the transcriber's full text for an upload."""
    segments = transcript_segments(upload_sha256, language, language_out)
    return " ".join(str(segment["text"]) for segment in segments)


def expected_text(
    url: str,
    *,
    language: str = "auto",
    language_out: str | None = None,
    audio_bytes: int = DEFAULT_BYTES,
    normalized_bytes: int = DEFAULT_BYTES,
) -> str:
    """Return the expected text of a job for a URL with all three fakes.

    Args:
        url: The address as it was submitted to the downloader.
        language: What the transcriber gets as ``language_in``.
        language_out: What it gets as ``language_out``, if anything.
        audio_bytes: The downloader's ``artifact_bytes``.
        normalized_bytes: The normalizer's ``artifact_bytes``.
    """
    audio = downloaded(url, audio_bytes)
    return transcript_text(
        normalized(audio.sha256(), normalized_bytes).sha256(), language, language_out
    )


def as_srt(segments: list[dict[str, str | float]]) -> bytes:
    """Write segments as a SubRip file."""
    return "".join(
        f"{index}\n{_timestamp(segment['start'])} --> {_timestamp(segment['end'])}\n"
        f"{segment['text']}\n\n"
        for index, segment in enumerate(segments, start=1)
    ).encode()


def _timestamp(seconds: str | float) -> str:
    whole_ms = round(float(seconds) * 1000)
    return f"00:{whole_ms // 60_000:02}:{whole_ms // 1000 % 60:02},{whole_ms % 1000:03}"
