"""Runs failed tests a second time, alone, after a complete run of pytest; called by ``make``.

A test that depends on other load of the machine must be fixed. Until then it may fail among others,
but is listed in the output and in ``build/second-run.txt``, which CI prints.
"""

import json
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

__all__ = ["choose", "read_failed"]

_CACHE: Final = Path(".pytest_cache/v/cache/lastfailed")  # make empties it before the first run
_RECORD: Final = Path("build/second-run.txt")
_MOST: Final = 3  # more failures are no coincidence


def read_failed(cache: Path) -> list[str]:
    """Return the ids of tests that failed in the previous run of pytest; empty without its file."""
    return list(json.loads(cache.read_text())) if cache.exists() else []


def choose(failed: list[str]) -> list[str]:
    """Return the tests to run a second time.

    Raises:
        ValueError: No failure is recorded, a file could not be collected, or too many tests
            failed.
    """
    if not failed:
        raise ValueError("pytest recorded no failed test")
    if broken := [one for one in failed if "::" not in one]:
        raise ValueError(f"could not be collected: {', '.join(broken)}")
    if len(failed) > _MOST:
        raise ValueError(f"{len(failed)} tests failed, and at most {_MOST} may run a second time")
    return failed


def main() -> NoReturn:
    """Replace this process with pytest for the failed tests; exit with 1 if none may run."""
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
