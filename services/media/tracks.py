"""The audio tracks of a file, and which of them is meant."""

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
"""A track for somebody else than an ordinary listener."""
ALPHA_2_CHARS = 2
LANGUAGE = re.compile(r"[a-z]{2,3}")
ALIASES = {"nb": "no", "fil": "tl"}  # as the orchestrator and the transcriber have them
SEPARATE = frozenset({"yue"})  # Cantonese is a language of its own, although `zh` includes it
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
    """From 1, among the audio tracks."""
    index: int
    """Its stream's, among all streams."""
    language: str | None
    """As the file writes it."""
    title: str | None
    codec: str | None
    """None when nothing here decodes it."""
    channels: int | None
    layout: tuple[str, ...] | None
    """The names of the channels (``FL``, ``LFE``), if the file has them."""
    is_default: bool
    is_secondary: bool
    """A dub, a commentary, or a description of the picture."""

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
    """Return the audio tracks of a container, those that cannot be decoded too."""
    return tuple(
        _describe(number, stream) for number, stream in enumerate(container.streams.audio, start=1)
    )


def _describe(number: int, stream: AudioStream) -> Track:
    # libav has no context for a codec that it does not know, whatever PyAV's annotations say.
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
    """Return a language's shortest code (``en`` for ``eng`` and ``en-US``), none if unknown."""
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


def find_asked(tracks: Sequence[Track], asked: str | int) -> Track:
    """Return the track that a client named.

    Args:
        tracks: Those of the file.
        asked: A number from 1 or a language code.

    Raises:
        WorkError: ``invalid_track`` when there is none such or it cannot be decoded.
    """
    named = str(asked).strip()
    if named.isdecimal():
        found = [track for track in tracks if track.number == int(named)]
    else:
        wanted = normalize_language(named)
        found = [
            track for track in tracks if wanted and normalize_language(track.language) == wanted
        ]
    playable = sorted((track for track in found if track.codec), key=lambda one: one.is_secondary)
    if playable:
        return playable[0]
    there = "; ".join(map(str, tracks))
    reason = "cannot be decoded" if found else "is not in the file"
    raise WorkError("invalid_track", f"The audio track {named} {reason}. The file has: {there}.")


def order_tracks(tracks: Sequence[Track], language: str | None) -> list[Track]:
    """Return the tracks that can be decoded, the one that is most likely meant first.

    A default that the author set comes first, then the asked language, then the order of the
    file. Muxers mark the first track, or all of them, as default by habit; and a default in
    another language than the asked one cannot be what the client means.
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
