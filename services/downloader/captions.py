"""The publisher's own subtitles of a video: which there are, and the file with them."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from yt_dlp.utils import ISO639Utils

from services.downloader.engine import Downloader, IsAllowed, failing_clearly
from services.downloader.scripts import join
from services.downloader.subtitles import SubtitlesError, parse_subtitles
from services.downloader.watch import Watch
from services.kit.work import WorkError

DOCUMENT = "captions"
AUTO = "auto"
UNKNOWN = "und"  # BCP 47's word for a language that is not known

_log = logging.getLogger(__name__)

# The best first. A player's own forms (json3, srv1) come with one of these beside them.
_FORMS = ("vtt", "srt", "ttml", "dfxp", "ass", "ssa")
_MEDIA_TYPES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "ttml": "application/ttml+xml",
    "dfxp": "application/ttml+xml",
}
_TIMEOUT_S = 120.0
_MAX_BYTES = 20 * 1024 * 1024  # hours of speech take less than one
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9_-]{1,40})?")
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv"}  # codes that ISO has replaced


@dataclass(frozen=True)
class Track:
    """Subtitles in one language."""

    language: str
    """As the publisher has it, e.g. ``pt-BR``; ``und`` where that is no language's name."""
    source: Mapping[str, Any]
    """Where yt-dlp finds them."""

    @property
    def code(self) -> str:
        """The language with its ISO 639-1 code, as far as there is one."""
        first, mark, rest = self.language.partition("-")
        return f"{_base(first)}{mark}{rest}"

    @property
    def form(self) -> str:
        """The ending of its file's name."""
        return str(self.source["ext"])


@dataclass(frozen=True)
class Captions:
    """Subtitles that were fetched and could be read."""

    track: Track
    path: Path
    segments: Sequence[Mapping[str, Any]]

    @property
    def media_type(self) -> str:
        """The media type of the publisher's file."""
        return _MEDIA_TYPES.get(self.track.form, "text/plain")

    @property
    def document(self) -> Mapping[str, Any]:
        """What is served: the language and the timed segments."""
        text = join(str(segment["text"]) for segment in self.segments)
        return {"language": self.track.language, "full_text": text, "segments": self.segments}


def choose_track(video: Mapping[str, Any], asked: str) -> Track | None:
    """Return the subtitles of a video in a language, made by people, not by recognition.

    Args:
        video: What yt-dlp knows of it.
        asked: An ISO 639 code, or ``auto`` for the video's own language; where that is not
            known, the first one that there are subtitles in.
    """
    usable = {tag: _best(forms) for tag, forms in (video.get("subtitles") or {}).items()}
    tracks = [Track(_name(tag), source) for tag, source in usable.items() if source]
    wanted = video.get("language") if asked == AUTO else asked
    if wanted:
        tracks = [track for track in tracks if _base(track.language) == _base(wanted)]
        tracks.sort(key=lambda track: _rank(track.language.lower(), wanted.lower()))
    return tracks[0] if tracks else None


def fetch_captions(
    downloader: Downloader,
    video: Mapping[str, Any],
    track: Track,
    is_allowed: IsAllowed,
    work_dir: Path,
    watch: Watch,
) -> Captions:
    """Download subtitles and read them.

    Args:
        downloader: What has found them; its cookies are used.
        video: Whose they are.
        track: Which of them.
        is_allowed: Tells whether an address may be connected to.
        work_dir: Where the file is written.
        watch: Follows the job; a cancelled one stops here.

    Raises:
        WorkError: They cannot be had or read.
    """
    path = work_dir / f"captions.{track.form}"
    aside = Watch(watch.report, _MAX_BYTES, inf, _TIMEOUT_S, is_aside=True)
    with failing_clearly(is_allowed), downloader.open_beside(aside) as reader:
        _write(reader, video, track.source, path)
    watch.count(aside.received_bytes)
    try:
        return Captions(track, path, parse_subtitles(path.read_bytes(), track.code))
    except (SubtitlesError, OSError) as error:
        raise WorkError("captions_unreadable", f"They cannot be read: {error}.") from error


def _write(
    reader: Downloader, video: Mapping[str, Any], source: Mapping[str, Any], path: Path
) -> None:
    if source.get("data") is not None:
        path.write_text(str(source["data"]), encoding="utf-8")
        return
    headers = source.get("http_headers") or video.get("http_headers")
    # Its answer says nothing for HLS; whether the file is there says it all.
    reader.dl(str(path), {**source, "http_headers": headers}, subtitle=True)


def _best(forms: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    known = [form for form in forms if form.get("ext") in _FORMS]
    return min(known, key=lambda form: _FORMS.index(form["ext"]), default=None)


def _name(tag: object) -> str:
    return tag if isinstance(tag, str) and _TAG.fullmatch(tag) else UNKNOWN


def _base(tag: str) -> str:
    """Return the ISO 639-1 code in a tag, as far as there is one."""
    code = re.split("[-_]", tag.lower(), maxsplit=1)[0]
    short = ISO639Utils.long2short(code) if len(code) > len("en") else code
    return _RENAMED.get(short or code, short or code)


def _rank(tag: str, wanted: str) -> int:
    """Return how well a tag fits: the very same, the language alone, one of its variants."""
    return 0 if tag == wanted else 1 if tag == _base(tag) else 2
