"""Logging: set-up, the log file, and the fields bound to every record."""

import logging
import sys
from pathlib import Path
from typing import Final

from foundation.log_lines import JsonFormatter, LineFormatter
from orchestrator.settings import Settings
from orchestrator.telemetry.log.file import LogFile

__all__ = ["LOGGER", "configure", "empty"]

LOGGER: Final = logging.getLogger("modules.orchestrator")
"""The orchestrator's own logger, under the name that existing log filters use."""
_FILE: Final = "orchestrator.log"
_KEPT_FILES: Final = 5
# One line per message and turn, which adds nothing to the orchestrator's own lines.
_VERBOSE: Final = (
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    "celery.bootsteps",
    "urllib3",
)


def empty(settings: Settings) -> bool:
    """Empty the log and remove rotated files; return whether there was a log."""
    current = Path(settings.log_dir) / _FILE
    for rotated in current.parent.glob(f"{_FILE}.*"):
        if rotated.suffix[1:].isdigit():
            rotated.unlink(missing_ok=True)
    if not current.exists():
        return False
    current.write_bytes(b"")
    return True


def configure(settings: Settings) -> None:
    """Send all records to the console and to ``LOG_DIR/orchestrator.log``.

    All processes of the host share the file. It is rotated to ``.1`` at `LOG_MAX_BYTES`
    and after a week. Calling it twice replaces the handlers.
    """
    folder = Path(settings.log_dir)
    folder.mkdir(parents=True, exist_ok=True)
    file = LogFile(
        folder / _FILE,
        max_bytes=settings.log_max_bytes,
        max_age_s=settings.log_max_age_s,
        kept=_KEPT_FILES,
    )
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr), file]
    formatter = JsonFormatter() if settings.log_format == "json" else LineFormatter()
    for handler in handlers:
        handler.setFormatter(formatter)
    # No line shows the thread, so do not look it up (see the documentation of logging). The
    # process id stays: gunicorn's lines show it.
    logging.logThreads = logging.logMultiprocessing = False
    logging.basicConfig(level=settings.log_level, handlers=handlers, force=True)
    if settings.allow_private_addresses:
        LOGGER.warning(
            "ALLOW_PRIVATE_ADDRESSES is enabled: clients can reach every host that this one can. "
            "Use it only for the demo and for tests."
        )
    for name in _VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)
