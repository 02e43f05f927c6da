"""Capabilities of the services, so that a request that must fail is refused at submission."""

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

__all__ = ["Capabilities", "CapabilityChecker", "check_options", "read_capabilities"]

_FRESH_S: Final = 60.0
_RETRY_S: Final = 5.0  # after a service did not answer
_TIMEOUT_S: Final = 2.0  # a submission waits no longer than this
_NORMALIZER: Final = stage_named("normalization").service.name
_TRANSCRIBER: Final = stage_named("transcription").service.name
_PAGES: Final = {_NORMALIZER: "capabilities", _TRANSCRIBER: "languages"}
_CHINESE: Final = {"yue": "zh"}  # models without Cantonese transcribe it as Chinese


@dataclass(frozen=True)
class Capabilities:
    """The capabilities that one service reports; ``None`` where it reports nothing."""

    languages: tuple[str, ...] | None = None
    """The codes of the languages that it transcribes."""
    translations: frozenset[tuple[str, str]] | None = None
    """Pairs of a spoken language and a language that it can be translated into."""
    diarize: bool | None = None
    isolate_vocals: bool | None = None


_UNKNOWN: Final = Capabilities()


def read_capabilities(body: Any) -> Capabilities:
    """Parse a service's capabilities page; ignore values that are invalid."""
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
    """Raise if a job with these options could not complete.

    Args:
        options: The options of the job.
        normalizer: The normalizer's capabilities.
        transcriber: The transcriber's capabilities.

    Raises:
        UnsupportedLanguageError: A language or a translation is not supported.
        OptionUnavailableError: An option needs a component that is not installed.
    """
    known = transcriber.languages
    for name, code in (("language", options.language), ("language_out", options.language_out)):
        if code in {None, AUTO} or known is None or _as_known(str(code), known) in known:
            continue
        detail = f"The transcriber does not support {code}; it supports {', '.join(known)}"
        raise UnsupportedLanguageError(detail, name, str(code), known)
    if options.language_out and transcriber.translations is not None:
        _check_translation(options, options.language_out, transcriber.translations, known or ())
    if options.isolate_vocals and normalizer.isolate_vocals is False:
        raise OptionUnavailableError("isolate_vocals", "Vocal isolation")
    if options.diarize and transcriber.diarize is False:
        raise OptionUnavailableError("diarize", "Speaker diarization")


def _check_translation(
    options: JobOptions,
    wanted: str,
    pairs: frozenset[tuple[str, str]],
    known: tuple[str, ...],
) -> None:
    """Raise if the transcriber has no translation into the wanted language.

    If the spoken language is detected, a translation from any language is enough.
    """
    wanted = _as_known(wanted, known)
    spoken = None if options.language == AUTO else _as_known(options.language, known)
    if spoken == wanted or any(to == wanted and spoken in {None, origin} for origin, to in pairs):
        return
    available = tuple(sorted({to for origin, to in pairs if spoken in {None, origin}}))
    direction = f"from {spoken} to {wanted}" if spoken else f"to {wanted}"
    if not available:
        detail = f"There is no translation {direction} or any other language; omit language_out"
        raise UnsupportedLanguageError(detail, "language_out", wanted, (), "no_translation")
    detail = f"There is no translation {direction}; available: {', '.join(available)}"
    raise UnsupportedLanguageError(detail, "language_out", wanted, available, "translation")


def _as_known(code: str, known: tuple[str, ...]) -> str:
    return code if code in known else _CHINESE.get(code, code)


class CapabilityChecker:
    """Checks requests against the services' capabilities, which it caches for a minute.

    A service that is down, reports nothing or responds with invalid data is assumed to support
    everything; a job that it cannot do fails in that stage.

    Args:
        clients: The services by name.
        monotonic: A monotonic clock, in seconds.
    """

    def __init__(
        self,
        clients: Mapping[str, MicroserviceClient],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = {
            name: _CapabilityCache(clients[name], page, monotonic) for name, page in _PAGES.items()
        }

    def check(self, request: JobRequest) -> None:
        """Raise if a request could not complete, as far as the capabilities are known.

        A request that prefers the publisher's captions passes: it may need no other service.

        Raises:
            UnsupportedLanguageError: A language or a translation is not supported.
            OptionUnavailableError: An option needs a component that is not installed.
        """
        options = request.options
        if options.captions is CaptionsChoice.PREFER and request.upload is None:
            return
        needs_normalizer = options.isolate_vocals
        needs_transcriber = options.language_out or options.diarize or options.language != AUTO
        normalizer = self._services[_NORMALIZER].get() if needs_normalizer else _UNKNOWN
        transcriber = self._services[_TRANSCRIBER].get() if needs_transcriber else _UNKNOWN
        check_options(options, normalizer, transcriber)


class _CapabilityCache:
    """The capabilities that one service reported last."""

    def __init__(
        self, client: MicroserviceClient, page: str, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._page = page
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._cached = _UNKNOWN
        self._stale_at = -1.0

    def get(self) -> Capabilities:
        """Return the capabilities; concurrent callers share one request."""
        if self._monotonic() < self._stale_at:
            return self._cached
        if not self._lock.acquire(timeout=_TIMEOUT_S):
            return _UNKNOWN
        try:
            if self._monotonic() >= self._stale_at:
                self._cached = read_capabilities(
                    self._client.fetch_page(self._page, timeout_s=_TIMEOUT_S)
                )
                fresh_s = _RETRY_S if self._cached == _UNKNOWN else _FRESH_S
                self._stale_at = self._monotonic() + fresh_s
            return self._cached
        finally:
            self._lock.release()
