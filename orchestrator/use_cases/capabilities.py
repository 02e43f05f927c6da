"""What the services can do, so that a request that must fail is refused at its submission."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from orchestrator.domain.job import CaptionsChoice, JobOptions, JobRequest
from orchestrator.domain.languages import AUTO, find_code
from orchestrator.domain.pipeline import stage_named
from orchestrator.errors import OptionUnavailableError, UnsupportedLanguageError
from orchestrator.microservice import MicroserviceClient

__all__ = ["Capabilities", "CapabilityWatch", "check_options", "read_capabilities"]

_FRESH_S: Final = 60.0
_AGAIN_S: Final = 5.0  # after a service has not answered
_LIMIT_S: Final = 2.0  # for one answer; a submission waits no longer for it
_NORMALIZER: Final = stage_named("normalization").service.name
_TRANSCRIBER: Final = stage_named("transcription").service.name
_PAGES: Final = {_NORMALIZER: "capabilities", _TRANSCRIBER: "languages"}
_CHINESE: Final = {"yue": "zh"}  # models that do not know Cantonese take it as Chinese


@dataclass(frozen=True)
class Capabilities:
    """What one service says that it can do; ``None`` where it does not say."""

    languages: tuple[str, ...] | None = None
    """The codes of languages that it transcribes."""
    translations: frozenset[tuple[str, str]] | None = None
    """Pairs of a spoken language and one that it can become."""
    diarize: bool | None = None
    isolate_vocals: bool | None = None


_UNKNOWN: Final = Capabilities()


def read_capabilities(body: Any) -> Capabilities:
    """Read a service's page; whatever makes no sense in it is not known."""
    if not isinstance(body, Mapping):
        return _UNKNOWN
    languages = tuple(dict.fromkeys(_codes(body.get("languages"))))
    return Capabilities(
        languages=languages or None,
        translations=_pairs(body.get("translations")),
        diarize=_flag(body.get("diarize")),
        isolate_vocals=_flag(body.get("isolate_vocals")),
    )


def _codes(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else ():
        tag = item.get("code") if isinstance(item, Mapping) else item
        code = find_code(tag) if isinstance(tag, str) else None
        if code:
            yield code


def _pairs(value: Any) -> frozenset[tuple[str, str]] | None:
    if not isinstance(value, list):
        return None
    pairs = [
        (find_code(str(item.get("from"))), find_code(str(item.get("to"))))
        for item in value
        if isinstance(item, Mapping)
    ]
    known = frozenset((spoken, wanted) for spoken, wanted in pairs if spoken and wanted)
    return None if value and not known else known


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def check_options(options: JobOptions, normalizer: Capabilities, transcriber: Capabilities) -> None:
    """Raise where a job with these options could not complete.

    Args:
        options: What is asked for.
        normalizer: What the normalizer can do.
        transcriber: What the transcriber can do.

    Raises:
        UnsupportedLanguageError: A language is not known, or cannot be translated so.
        OptionUnavailableError: A part that an option needs is not installed.
    """
    known = transcriber.languages
    for name, code in (("language", options.language), ("language_out", options.language_out)):
        if code in {None, AUTO} or known is None or _as_known(str(code), known) in known:
            continue
        detail = f"{code} is not a language of the transcriber; it knows {', '.join(known)}"
        raise UnsupportedLanguageError(detail, name, str(code), known)
    if options.language_out and transcriber.translations is not None:
        _check_translation(options, options.language_out, transcriber.translations, known or ())
    if options.isolate_vocals and normalizer.isolate_vocals is False:
        raise OptionUnavailableError("isolate_vocals", "Vocal isolation")
    if options.diarize and transcriber.diarize is False:
        raise OptionUnavailableError("diarize", "Telling speakers apart")


def _check_translation(
    options: JobOptions,
    wanted: str,
    pairs: frozenset[tuple[str, str]],
    known: tuple[str, ...],
) -> None:
    """Raise where no translation leads to the wanted language.

    Where the spoken language is to be detected, any translation into the wanted one will do.
    """
    wanted = _as_known(wanted, known)
    spoken = None if options.language == AUTO else _as_known(options.language, known)
    if spoken == wanted or any(to == wanted and spoken in {None, origin} for origin, to in pairs):
        return
    available = tuple(sorted({to for origin, to in pairs if spoken in {None, origin}}))
    begins = f"from {spoken} to {wanted}" if spoken else f"to {wanted}"
    if not available:
        detail = f"There is no translation {begins}, nor into any other language; leave it out"
        raise UnsupportedLanguageError(detail, "language_out", wanted, (), "no_translation")
    detail = f"There is no translation {begins}; available: {', '.join(available)}"
    raise UnsupportedLanguageError(detail, "language_out", wanted, available, "translation")


def _as_known(code: str, known: tuple[str, ...]) -> str:
    return code if code in known else _CHINESE.get(code, code)


class CapabilityWatch:
    """Asks the services what they can do, and remembers it for a minute.

    A service that is down, that does not say or that makes no sense is one that can do everything:
    whatever it cannot do shows when the job gets there.

    Args:
        clients: The services by name.
        monotonic: Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        clients: Mapping[str, MicroserviceClient],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = {
            name: _Watched(clients[name], page, monotonic) for name, page in _PAGES.items()
        }

    def check(self, request: JobRequest) -> None:
        """Raise where a request could not complete, as far as the services say.

        Where the publisher's subtitles are preferred, the services may not be needed at all.

        Raises:
            UnsupportedLanguageError: A language is not known, or cannot be translated so.
            OptionUnavailableError: A part that an option needs is not installed.
        """
        options = request.options
        if options.captions is CaptionsChoice.PREFER and request.upload is None:
            return
        needs_normalizer = options.isolate_vocals
        needs_transcriber = options.language_out or options.diarize or options.language != AUTO
        normalizer = self._services[_NORMALIZER].look() if needs_normalizer else _UNKNOWN
        transcriber = self._services[_TRANSCRIBER].look() if needs_transcriber else _UNKNOWN
        check_options(options, normalizer, transcriber)


class _Watched:
    """What one service can do, as it said last."""

    def __init__(
        self, client: MicroserviceClient, page: str, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._page = page
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known = _UNKNOWN
        self._stale_at = -1.0

    def look(self) -> Capabilities:
        """Return what it can do; callers at the same time share one call."""
        if self._monotonic() < self._stale_at:
            return self._known
        if not self._lock.acquire(timeout=_LIMIT_S):
            return _UNKNOWN
        try:
            if self._monotonic() >= self._stale_at:
                self._known = read_capabilities(
                    self._client.fetch_page(self._page, timeout_s=_LIMIT_S)
                )
                lasts_s = _AGAIN_S if self._known == _UNKNOWN else _FRESH_S
                self._stale_at = self._monotonic() + lasts_s
            return self._known
        finally:
            self._lock.release()
