"""A cache that keeps one engine loaded while it is used and unloads it when idle."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from services.transcriber.engine import Engine
from services.transcriber.settings import TranscriberSettings


class EngineCache:
    """Loads an engine on first use and unloads it some time after its last use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[TranscriberSettings, Engine] | None = None
        self._users = 0
        self._timer: threading.Timer | None = None

    @property
    def is_loaded(self) -> bool:
        """Return whether an engine is in memory."""
        return self._loaded is not None

    @contextmanager
    def borrow(self, settings: TranscriberSettings) -> Iterator[Engine]:
        """Return the engine, loaded if necessary, and keep it in memory until the block exits.

        Raises:
            WorkError: ``model_unavailable`` as in ``Engine``.
        """
        with self._lock:
            if self._timer:
                self._timer.cancel()
            if self._loaded is None or self._loaded[0] != settings:
                self._loaded = (settings, Engine(settings))
            engine = self._loaded[1]
            self._users += 1
        try:
            yield engine
        finally:
            with self._lock:
                self._users -= 1
                self._timer = threading.Timer(settings.model_idle_s, self._unload)
                self._timer.daemon = True
                self._timer.start()

    def _unload(self) -> None:
        with self._lock:
            if not self._users:
                self._loaded = None


engine_cache = EngineCache()
"""The cache of this process."""
