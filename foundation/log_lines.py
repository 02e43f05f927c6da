"""Format log records as lines in the published format or as JSON, without secrets."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from foundation.redaction import redact

__all__ = ["JsonFormatter", "LineFormatter", "bound"]

_FORMAT: Final = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
# Characters that end a line or control a terminal: with them, a message could forge other lines.
_CONTROLS: Final = {
    code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
}

_fields: ContextVar[tuple[tuple[str, object], ...]] = ContextVar("log fields", default=())


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add fields, e.g. a job's id, to each record of this thread inside the block.

    Fields that are ``None`` or empty are left out.
    """
    added = tuple((name, value) for name, value in fields.items() if value not in (None, ""))
    token = _fields.set((*_fields.get(), *added))
    try:
        yield
    finally:
        _fields.reset(token)


class _CachingFormatter(logging.Formatter):
    """Formats a record once, however many handlers write it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        cached: tuple[object, str] | None = record.__dict__.get("_formatted")
        if cached is None or cached[0] is not self:
            cached = record.__dict__["_formatted"] = (self, self.make(record))
        return cached[1]

    def make(self, record: logging.LogRecord) -> str:
        """Format a record."""
        return super().format(record)


class LineFormatter(_CachingFormatter):
    """``time - name - level - message [name=value ...]``, one line per record.

    The brackets hold the bound fields. Only a traceback adds lines, and those are indented: each
    line that starts with a time is a record, whatever a message contains.
    """

    def __init__(self) -> None:
        super().__init__(_FORMAT)
        self._second = (0, "")

    def formatTime(self, record: logging.LogRecord, _: str | None = None) -> str:  # noqa: N802 - logging's name
        """Return the time of a record; date and second are formatted once per second."""
        cached = self._second
        if cached[0] != int(record.created):
            moment = time.localtime(record.created)
            cached = self._second = int(record.created), time.strftime("%Y-%m-%d %H:%M:%S", moment)
        return f"{cached[1]},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line of a record."""
        line = redact(super().formatMessage(record))
        fields = " ".join([f"{name}={value}" for name, value in _fields.get()])
        return _escape(f"{line} [{fields}]" if fields else line)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return a traceback with each line indented."""
        lines = redact(super().formatException(ei)).splitlines()
        return "\n".join(f"  {_escape(line)}" for line in lines)


class JsonFormatter(_CachingFormatter):
    """One ASCII JSON object per record: ``time``, ``level``, ``logger``, ``message``, bound fields.

    ``exception`` contains the traceback, if there is one.
    """

    def make(self, record: logging.LogRecord) -> str:
        """Format a record."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        members: dict[str, object] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            **dict(_fields.get()),
        }
        if record.exc_info:
            members["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(members, default=str)


def _escape(line: str) -> str:
    return line if line.isprintable() else line.translate(_CONTROLS)
