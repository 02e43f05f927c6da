"""Configure the logs of a service's processes: one record per line on standard error."""

import logging
import threading
from typing import Literal

from foundation.log_lines import JsonFormatter, LineFormatter

_log = logging.getLogger(__name__)


def set_up_logging(level: str, form: Literal["text", "json"] = "text") -> None:
    """Log records of at least ``level``; handlers that are already configured stay."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else LineFormatter())
    logging.basicConfig(level=level, handlers=[handler])


def log_errors_of_threads() -> None:
    """Log uncaught exceptions of threads, which Python would print to standard error."""
    threading.excepthook = _log_error_of_thread


def _log_error_of_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "unknown"
    _log.error("Thread %s died of an uncaught exception", name, exc_info=ended.exc_value)
