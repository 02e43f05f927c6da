"""How the processes of a service log: one record per line on standard error."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

from foundation.redaction import redact

_log = logging.getLogger(__name__)

FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"

_bound: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("bound", default=())


@contextmanager
def bound(**facts: str | None) -> Iterator[None]:
    """Add facts, e.g. ``job`` and ``trace``, to every record of this thread or greenlet."""
    known = tuple((name, value) for name, value in facts.items() if value)
    token = _bound.set(known)
    try:
        yield
    finally:
        _bound.reset(token)


class TextFormatter(logging.Formatter):
    """``time - name - level - message``, then what is bound."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, a traceback included, without secrets."""
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line of a record."""
        words = "".join(f" {name}={value}" for name, value in _bound.get())
        return super().formatMessage(record) + words


class JsonFormatter(logging.Formatter):
    """One JSON object a record: ``time``, ``level``, ``logger``, ``message``, what is bound."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the JSON of a record, without secrets."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            **dict(_bound.get()),
        }
        if record.exc_info:
            told["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(told)


def set_up_logging(level: str, form: Literal["text", "json"] = "text") -> None:
    """Log records of at least ``level``; what is set up already stays."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if form == "json" else TextFormatter())
    logging.basicConfig(level=level, handlers=[handler])


def log_errors_of_threads() -> None:
    """Log what ends a thread of this process, which Python would write to standard error."""
    threading.excepthook = _log_error_of_thread


def _log_error_of_thread(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "unknown"
    _log.error("Thread %s has ended", name, exc_info=ended.exc_value)
