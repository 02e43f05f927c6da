"""The downloader's work: download a video or its subtitles, or list a playlist."""

import logging
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yt_dlp.utils import sanitize_filename

from foundation.addresses import is_public
from services.downloader import captions, failures
from services.downloader.engine import (
    Downloader,
    IsAllowed,
    allow_proxy,
    build_parameters,
    find_first_video,
    translate_errors,
)
from services.downloader.logins import Login, split_login
from services.downloader.options import PlaylistOptions, SubmissionOptions, check
from services.downloader.pacing import Pacer
from services.downloader.playlists import Lister
from services.downloader.proxies import ProxyRotation
from services.downloader.settings import DownloaderSettings
from services.downloader.sniffing import SNIFFED_BYTES, Content, refine_extension, sniff
from services.downloader.watch import Watch, pick_details
from services.kit.jobs.redis_client import connect
from services.kit.running.keepalive import keepalive
from services.kit.work import Artifact, JobContext, WorkError

_log = logging.getLogger(__name__)

# Only files with both audio and video: merging two files would need FFmpeg.
_FORMATS = {
    "audio": "bestaudio/best",
    "best": "best/bestaudio",
    "720p": "best[height<=720]/best",
    "480p": "best[height<=480]/best",
    "360p": "best[height<=360]/best",
}
_MAX_NAME_CHARS = 120
_MEDIA_TYPES = {".ts": "video/mp2t"}  # mimetypes may return that of Qt translations
_BLOCKED = {"bot_check", "rate_limited", failures.REFUSED.code}


def run(
    context: JobContext,
    settings: DownloaderSettings | None = None,
    is_allowed: Callable[[str], bool] | None = is_public,
) -> Artifact:
    """Download the video of a submission, or list its playlist.

    Args:
        context: The job.
        settings: Read from the environment if not given.
        is_allowed: Returns whether an address may be connected to.

    Raises:
        WorkError: The download failed, with a code of the HTTP contract.
        JobCancelledError: The job was cancelled; the download has stopped.
    """
    settings = settings or DownloaderSettings()
    if settings.allow_private_addresses:
        _log.warning(
            "ALLOW_PRIVATE_ADDRESSES is on: job %s can reach private networks", context.job_id
        )
        is_allowed = None
    watch = Watch(
        context.report,
        settings.max_file_bytes,
        settings.max_duration_minutes * 60,
        settings.download_timeout_minutes * 60,
        timing=settings.timing,
    )
    watch.report_progress()
    url, login = split_login(str(context.options["url"]))
    return _Attempts(context, settings, is_allowed, watch, url, login).run()


@dataclass(frozen=True)
class _Attempts:
    """The attempts of one job: one, or one per proxy that the site blocks."""

    context: JobContext
    settings: DownloaderSettings
    is_allowed: IsAllowed
    watch: Watch
    url: str
    """The submitted URL without its login."""
    login: Login | None

    def run(self) -> Artifact:
        """Return the artifact of the first attempt that the site does not block."""
        redis = connect(self.settings.redis_url)
        rotation = ProxyRotation(redis, self.settings.proxies, self.settings.proxy_cooldown_s)
        refusal = failures.RATE_LIMITED.to_error()  # if all proxies are cooling down
        for proxy in rotation.iterate():
            Pacer(redis, self.settings.request_interval_s).wait(
                self.url, self.watch.report_progress
            )
            try:
                with keepalive(self.watch.report_progress):  # a site may take long to respond
                    return self._try(proxy)
            except WorkError as error:
                if proxy is None or not error.retryable or error.code not in _BLOCKED:
                    raise
                _log.warning("The site blocked a proxy; cooling it down: %s", error)
                rotation.cool_down(proxy)
                refusal = error
        raise refusal

    def _try(self, proxy: str | None) -> Artifact:
        is_allowed = allow_proxy(self.is_allowed, proxy, self.url) if proxy else self.is_allowed
        # Proxies of the environment are used only if all addresses are allowed: the guard cannot
        # check what a proxy connects to.
        through = "" if proxy is None and self.is_allowed else proxy
        parameters = build_parameters(self.settings, self.watch, self.context.work_dir, through)
        if "kind" in self.context.options:
            check(PlaylistOptions.model_validate(self.context.options))
            lister = Lister(parameters, self.settings, is_allowed, self.watch, self.login)
            return lister.list(self.url, self.context.work_dir)
        options = SubmissionOptions.model_validate(self.context.options)
        check(options)
        parameters["format"] = _FORMATS[options.quality]
        self.watch.warnings.clear()
        with Downloader(parameters, self.watch, self.login) as downloader:
            return self._download(downloader, options, is_allowed)

    def _download(
        self, downloader: Downloader, options: SubmissionOptions, is_allowed: IsAllowed
    ) -> Artifact:
        known = None if options.captions else downloader.identify(self.url)
        earlier = self._reuse(f"{known}:{options.quality}") if known else None
        if earlier:
            return earlier
        with translate_errors(is_allowed):
            video = find_first_video(downloader.extract_info(self.url, download=False))
        if artifact := self._fetch_captions(downloader, video, options.captions, is_allowed):
            return artifact
        identity = _identify(video, self.url)
        key = f"{identity}:{options.quality}" if identity and not self.login else None
        if key and (earlier := self._reuse(key)):
            return earlier
        with translate_errors(is_allowed):
            video = downloader.process_ie_result(video, download=True)
        return _make_artifact(video, self.context.work_dir, key, self.watch.warnings)

    def _reuse(self, key: str) -> Artifact | None:
        # Media behind a login must not be reused for other clients.
        return None if self.login else self.context.reuse(key)

    def _fetch_captions(
        self,
        downloader: Downloader,
        video: Mapping[str, Any],
        language: str | None,
        is_allowed: IsAllowed,
    ) -> Artifact | None:
        """Return the publisher's subtitles, or `None` if they are missing or unusable.

        They are not reused for later jobs, because publishers correct them.
        """
        track = captions.choose_track(video, language) if language else None
        if track is None:
            return None
        context = self.context
        try:
            found = captions.fetch_captions(
                downloader, video, track, is_allowed, context.work_dir, self.watch
            )
        except WorkError as error:
            _log.warning("Job %s continues without captions: %s", context.job_id, error)
            self.watch.report_progress({"captions_error": error.message})
            return None
        return _make_captions_artifact(video, found)


def _make_captions_artifact(video: Mapping[str, Any], found: captions.Captions) -> Artifact:
    language = found.track.language
    return Artifact(
        found.path,
        f"{_name(video)}.{language}.{found.track.form}",
        found.media_type,
        details={**pick_details(video), "captions": {"language": language}},
        documents={captions.DOCUMENT: found.document},
    )


def _name(video: Mapping[str, Any]) -> str:
    name = sanitize_filename(str(video.get("title") or "media"))[:_MAX_NAME_CHARS].strip()
    return name or "media"


def _identify(video: Mapping[str, Any], url: str) -> str | None:
    """Return an identity that all downloads of the same video share.

    The identity of a plain file is its URL and the time of its last change.
    """
    if video.get("extractor_key") != "Generic":
        return f"{video.get('extractor_key')}:{video.get('id')}"
    changed_at = video.get("timestamp")
    return f"Generic:{url}:{changed_at}" if changed_at else None


def _make_artifact(
    video: Mapping[str, Any],
    work_dir: Path,
    reuse_key: str | None,
    warnings: Sequence[Mapping[str, Any]],
) -> Artifact:
    downloads = video.get("requested_downloads")
    if not downloads:
        raise failures.UNSUPPORTED.to_error()
    path = Path(downloads[0]["filepath"])
    if path.parent != work_dir or not path.is_file():
        raise failures.UNSUPPORTED.to_error()
    suffix = _find_suffix(path, str(video.get("media_extension") or path.suffix[1:]))
    guessed = _MEDIA_TYPES.get(suffix) or mimetypes.guess_type(f"media{suffix}")[0]
    return Artifact(
        path,
        f"{_name(video)}{suffix}",
        guessed or "application/octet-stream",
        details=pick_details(video) | ({"warnings": list(warnings)} if warnings else {}),
        reuse_key=reuse_key,
    )


def _find_suffix(path: Path, named: str) -> str:
    """Return the suffix of a downloaded file, determined from its content.

    Raises:
        WorkError: The file is not media, but e.g. a web page or an archive.
    """
    with path.open("rb") as file:
        found = sniff(file.read(SNIFFED_BYTES))
    if found.content is Content.EMPTY:
        raise failures.EMPTY.to_error()
    if found.content is not Content.MEDIA:
        raise failures.name_content(found.name or "a web page").to_error()
    extension = refine_extension(found, named)
    return "" if extension in {None, "", "unknown_video"} else f".{extension}"
