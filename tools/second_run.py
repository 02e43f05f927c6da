"""Runs the tests that failed once more, alone: ``make`` calls this after a complete run of pytest.

A test that depends on what else the machine does is to be mended. Until then it may fail beside
others, but it is named in the output and in ``build/second-run.txt``, which CI shows.
"""

import json
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

__all__ = ["choose", "read_failed"]

_CACHE: Final = Path(".pytest_cache/v/cache/lastfailed")  # make empties it before the first run
_RECORD: Final = Path("build/second-run.txt")
_MOST: Final = 3  # more is no coincidence


def read_failed(cache: Path) -> list[str]:
    """Return the ids that pytest has recorded as failed in the run before; empty without a file."""
    return list(json.loads(cache.read_text())) if cache.exists() else []


def choose(failed: list[str]) -> list[str]:
    """Return the tests that may run once more.

    Raises:
        ValueError: None may: nothing is recorded, a file could not be collected, or too many
            failed.
    """
    if not failed:
        raise ValueError("pytest recorded no failed test")
    if broken := [one for one in failed if "::" not in one]:
        raise ValueError(f"could not be collected: {', '.join(broken)}")
    if len(failed) > _MOST:
        raise ValueError(f"{len(failed)} tests failed, and at most {_MOST} may run once more")
    return failed


def main() -> NoReturn:
    """Become pytest for the failed tests; exit with status 1 if they may not run once more."""
    try:
        tests = choose(read_failed(_CACHE))
    except ValueError as error:
        sys.exit(f"No second run: {error}")
    lines = "".join(f"{test}\n" for test in tests)
    print(f"Second run, alone:\n{lines}", end="", file=sys.stderr, flush=True)
    _RECORD.parent.mkdir(exist_ok=True)
    with _RECORD.open("a") as record:
        record.write(lines)
    os.environ.pop("PYTEST_ADDOPTS", None)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-q", *tests])  # noqa: S606 - our own


if __name__ == "__main__":
    main()
