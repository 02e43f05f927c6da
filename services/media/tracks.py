"""The audio tracks of a file, and the choice of one of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from langcodes import Language

from services.kit.work import WorkError

SECONDARY = (
    Disposition.dub
    | Disposition.comment
    | Disposition.visual_impaired
    | Disposition.descriptions
    | Disposition.karaoke
    | Disposition.clean_effects
    | Disposition.dependent
)
"""Dispositions of a track that is not the main one."""
ALPHA_2_CHARS = 2
LANGUAGE = re.compile(r"[a-z]{2,3}")
ALIASES = {"nb": "no", "fil": "tl"}  # the codes of the orchestrator and the transcriber
SEPARATE = frozenset({"yue"})  # Cantonese is a separate language, although `zh` includes it
KNOWN_CHANNELS = frozenset(
    {
        "FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR", "TC", "TFL", "TFC",
        "TFR", "TBL", "TBC", "TBR", "DL", "DR", "WL", "WR", "SDL", "SDR", "LFE2", "TSL", "TSR",
        "BFC", "BFL", "BFR",
    }
)  # fmt: skip
UNKNOWN_LANGUAGES = frozenset({"", "und", "unk", "mul", "mis", "zxx", "auto"})


@dataclass(frozen=True)
class Track:
    """An audio track as its file describes it."""

    number: int
    """Number among the audio tracks, from 1."""
    index: int
    """Index of the stream among all streams."""
    language: str | None
    """Language tag of the file, unchanged."""
    title: str | None
    codec: str | None
    """None if no decoder is available."""
    channels: int | None
    layout: tuple[str, ...] | None
    """The names of the channels (``FL``, ``LFE``), if the file states them."""
    is_default: bool
    is_secondary: bool
    """A dub, a commentary or an audio description."""

    def to_json(self, *, chosen: bool) -> dict[str, Any]:
        """Return the track as jobs show it."""
        return {
            "number": self.number,
            "language": self.language,
            "title": self.title,
            "codec": self.codec,
            "channels": self.channels,
            "default": self.is_default,
            "chosen": chosen,
        }

    def __str__(self) -> str:
        facts = [self.language, self.title, self.codec or "cannot be decoded"]
        return f"{self.number} ({', '.join(fact for fact in facts if fact)})"


def list_tracks(container: InputContainer) -> tuple[Track, ...]:
    """Return the audio tracks of a container, including those that cannot be decoded."""
    return tuple(
        _describe(number, stream) for number, stream in enumerate(container.streams.audio, start=1)
    )


def _describe(number: int, stream: AudioStream) -> Track:
    # It is None if libav does not support the codec, contrary to PyAV's annotations.
    codec: Any = stream.codec_context
    language = (stream.metadata.get("language") or "").strip()
    title = stream.metadata.get("title") or stream.metadata.get("name")
    return Track(
        number=number,
        index=stream.index,
        language=None if normalize_language(language) is None else language,
        title=title or None,
        codec=codec.name if codec else None,
        channels=(codec.channels or None) if codec else None,
        layout=_name_channels(codec) if codec else None,
        is_default=bool(stream.disposition & Disposition.default),
        is_secondary=bool(stream.disposition & SECONDARY),
    )


def _name_channels(codec: Any) -> tuple[str, ...] | None:
    names = tuple(channel.name for channel in codec.layout.channels)
    return names if names and all(name in KNOWN_CHANNELS for name in names) else None


def normalize_language(code: str | None) -> str | None:
    """Return the shortest code of a language (``en`` for ``eng``, ``en-US``); None if unknown."""
    base = (code or "").strip().lower().replace("_", "-").split("-")[0]
    if base in UNKNOWN_LANGUAGES:
        return None
    return _shorten(base) if LANGUAGE.fullmatch(base) else base


@lru_cache(maxsize=1024)
def _shorten(base: str) -> str:
    found = Language.get(base)
    language = found.language or base
    if len(language) > ALPHA_2_CHARS and language not in SEPARATE:
        wider = found.prefer_macrolanguage().language or language
        language = wider if len(wider) == ALPHA_2_CHARS else language
    return ALIASES.get(language, language)


def find_requested_track(tracks: Sequence[Track], requested: str | int) -> Track:
    """Return the track that the client requested.

    Args:
        tracks: The tracks of the file.
        requested: A number from 1 or a language code.

    Raises:
        WorkError: ``invalid_track`` if it does not exist or cannot be decoded.
    """
    name = str(requested).strip()
    if name.isdecimal():
        found = [track for track in tracks if track.number == int(name)]
    else:
        wanted = normalize_language(name)
        found = [
            track for track in tracks if wanted and normalize_language(track.language) == wanted
        ]
    playable = sorted((track for track in found if track.codec), key=lambda one: one.is_secondary)
    if playable:
        return playable[0]
    listed = "; ".join(map(str, tracks))
    reason = "cannot be decoded" if found else "is not in the file"
    raise WorkError("invalid_track", f"The audio track {name} {reason}. The file has: {listed}.")


def order_tracks(tracks: Sequence[Track], language: str | None) -> list[Track]:
    """Return the tracks that can be decoded, the most likely one first.

    The order is: a deliberate default flag, the requested language, the order of the file. Muxers
    flag the first track, or all of them, as default automatically, which is not deliberate. A
    track in another language than the requested one comes last, even with a default flag.
    """
    playable = [track for track in tracks if track.codec]
    defaults = [track for track in playable if track.is_default]
    is_deliberate = len(defaults) == 1 and defaults[0].number > 1
    wanted = normalize_language(language)
    speaks = {track.number for track in playable if normalize_language(track.language) == wanted}
    known = wanted is not None and bool(speaks)

    def rank(track: Track) -> tuple[bool, bool, bool, bool, int]:
        is_wanted = known and track.number in speaks
        is_other = known and not is_wanted and normalize_language(track.language) is not None
        is_chosen = is_deliberate and track.is_default
        return (
            is_other,
            track.is_secondary and not is_wanted,
            not is_chosen,
            known and not is_wanted,
            track.number,
        )

    return sorted(playable, key=rank)
