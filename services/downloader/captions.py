"""Choose, download and parse the publisher's subtitles of a video."""

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from yt_dlp.utils import ISO639Utils

from services.downloader.engine import Downloader, IsAllowed, translate_errors
from services.downloader.scripts import join
from services.downloader.subtitles import SubtitlesError, parse_subtitles
from services.downloader.watch import Watch
from services.kit.work import WorkError

DOCUMENT = "captions"
AUTO = "auto"
UNKNOWN = "und"  # BCP 47's code for an unknown language

_log = logging.getLogger(__name__)

# By preference. Formats of players (json3, srv1) are always accompanied by one of these.
_FORMS = ("vtt", "srt", "ttml", "dfxp", "ass", "ssa")
_MEDIA_TYPES = {
    "vtt": "text/vtt",
    "srt": "application/x-subrip",
    "ttml": "application/ttml+xml",
    "dfxp": "application/ttml+xml",
}
_TIMEOUT_S = 120.0
_MAX_BYTES = 20 * 1024 * 1024  # hours of speech take less than 1 MB
_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9_-]{1,40})?")
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv"}  # codes that ISO has replaced


@dataclass(frozen=True)
class Track:
    """A subtitle track in one language."""

    language: str
    """The publisher's language tag, e.g. ``pt-BR``; ``und`` if it is malformed."""
    source: Mapping[str, Any]
    """yt-dlp's description of the file."""

    @property
    def code(self) -> str:
        """The language tag with an ISO 639-1 code, if there is one."""
        first, mark, rest = self.language.partition("-")
        return f"{_base(first)}{mark}{rest}"

    @property
    def form(self) -> str:
        """The file extension of the format."""
        return str(self.source["ext"])


@dataclass(frozen=True)
class Captions:
    """Downloaded and parsed subtitles."""

    track: Track
    path: Path
    segments: Sequence[Mapping[str, Any]]

    @property
    def media_type(self) -> str:
        """The media type of the publisher's file."""
        return _MEDIA_TYPES.get(self.track.form, "text/plain")

    @property
    def document(self) -> Mapping[str, Any]:
        """The job's document: language, full text and timed segments."""
        text = join(str(segment["text"]) for segment in self.segments)
        return {"language": self.track.language, "full_text": text, "segments": self.segments}


def choose_track(video: Mapping[str, Any], asked: str) -> Track | None:
    """Return the best subtitle track of a video in a language; automatic captions are ignored.

    Args:
        video: The metadata from yt-dlp.
        asked: An ISO 639 code, or ``auto`` for the video's own language or, if that is unknown,
            the language of the first track.
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
    """Download and parse subtitles.

    Args:
        downloader: The downloader of the video, whose cookies are used.
        video: The metadata from yt-dlp.
        track: The track to download.
        is_allowed: Returns whether an address may be connected to.
        work_dir: Folder for the file.
        watch: Monitors the job; raises if it was cancelled.

    Raises:
        WorkError: The subtitles cannot be downloaded or parsed.
    """
    path = work_dir / f"captions.{track.form}"
    secondary = Watch(
        watch.report, _MAX_BYTES, inf, _TIMEOUT_S, is_secondary=True, timing=watch.timing
    )
    with translate_errors(is_allowed), downloader.open_secondary(secondary) as reader:
        _write(reader, video, track.source, path)
    watch.count(secondary.received_bytes)
    try:
        return Captions(track, path, parse_subtitles(path.read_bytes(), track.code))
    except (SubtitlesError, OSError) as error:
        detail = f"The publisher's subtitles cannot be read: {error}. The audio is used instead."
        raise WorkError("captions_unreadable", detail) from error


def _write(
    reader: Downloader, video: Mapping[str, Any], source: Mapping[str, Any], path: Path
) -> None:
    if source.get("data") is not None:
        path.write_text(str(source["data"]), encoding="utf-8")
        return
    headers = source.get("http_headers") or video.get("http_headers")
    # The return value is meaningless for HLS; a missing file shows a failure.
    reader.dl(str(path), {**source, "http_headers": headers}, subtitle=True)


def _best(forms: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    known = [form for form in forms if form.get("ext") in _FORMS]
    return min(known, key=lambda form: _FORMS.index(form["ext"]), default=None)


def _name(tag: object) -> str:
    return tag if isinstance(tag, str) and _TAG.fullmatch(tag) else UNKNOWN


def _base(tag: str) -> str:
    """Return the ISO 639-1 code of a tag, or its own code if there is none."""
    code = re.split("[-_]", tag.lower(), maxsplit=1)[0]
    short = ISO639Utils.long2short(code) if len(code) > len("en") else code
    return _RENAMED.get(short or code, short or code)


def _rank(tag: str, wanted: str) -> int:
    """Return a rank, best first: the same tag, the language alone, another variant of it."""
    return 0 if tag == wanted else 1 if tag == _base(tag) else 2
