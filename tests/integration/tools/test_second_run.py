"""``make`` and tests that fail: which run twice, and that no failure is hidden by it."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[3]
_TESTS = "tests/system/test_package.py"  # what `make package-test` runs
_FLAKY = """
from pathlib import Path

def test_{name}():
    seen = Path("{name}.seen")
    was_seen = seen.exists()
    seen.touch()
    assert was_seen, "fails the first time"
"""
_BROKEN = "\ndef test_{name}():\n    assert False\n"


class Folder:
    """A project with this one's Makefile, whose pytest may be replaced."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._bin = path / "bin"
        self._bin.mkdir()
        (path / "requirements.lock").touch()
        (path / "installed").touch()
        python = shlex.quote(sys.executable)
        self.program("python", f'PYTHONPATH={shlex.quote(str(_PROJECT))} exec {python} "$@"')
        self.program("pytest", f'exec {python} -m pytest "$@"')

    def program(self, name: str, script: str) -> None:
        """Write a program that the Makefile starts."""
        (self._bin / name).write_text(f"#!/bin/sh\n{script}\n")
        (self._bin / name).chmod(0o755)

    def write(self, code: str) -> None:
        """Write the tests."""
        (self.path / _TESTS).parent.mkdir(parents=True, exist_ok=True)
        (self.path / _TESTS).write_text(code)

    def record_failure(self, *test: str) -> str:
        """Return a script that records a test, or its whole file, as failed, as pytest does."""
        cache, name = ".pytest_cache/v/cache", "::".join((_TESTS, *test))
        return f"mkdir -p {cache}; echo '{{\"{name}\": true}}' > {cache}/lastfailed"

    def make(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the tests by ``make``."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.run(
            [
                "make",
                *("-f", _PROJECT / "Makefile", "package-test"),
                *(f"BIN={self._bin}", f"INSTALLED={self.path / 'installed'}"),
            ],
            cwd=self.path,
            env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def recorded(self) -> list[str]:
        """Return what CI would show."""
        record = self.path / "build" / "second-run.txt"
        return record.read_text().splitlines() if record.exists() else []


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_test_that_passes_alone_passes_and_is_named(folder: Folder) -> None:
    folder.write(_FLAKY.format(name="flaky") + "\ndef test_fine():\n    pass\n")
    ended = folder.make()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"Second run, alone:\n{_TESTS}::test_flaky\n" in ended.stderr
    assert folder.recorded() == [f"{_TESTS}::test_flaky"]


def test_four_tests_that_fail_do_not_run_again(folder: Folder) -> None:
    folder.write("".join(_FLAKY.format(name=name) for name in ("one", "two", "three", "four")))
    ended = folder.make()
    assert ended.returncode != 0
    assert "No second run: 4 tests failed" in ended.stderr


@pytest.mark.parametrize(
    "end", ["exit 2", "exit 3", "exit 4", "exit 5", "exit 137", "kill -9 $$", "kill -11 $$"]
)
def test_a_run_that_ends_early_fails_whatever_it_recorded(folder: Folder, end: str) -> None:
    folder.write("def test_fine():\n    pass\n")
    folder.program("pytest", f"{folder.record_failure('test_fine')}\n{end}")
    ended = folder.make()
    assert ended.returncode != 0
    assert "econd run" not in ended.stderr
    assert folder.recorded() == []


def test_what_failed_in_an_earlier_run_is_not_taken_for_this_one_s(folder: Folder) -> None:
    folder.write("def test_fine():\n    pass\n")
    subprocess.run(["sh", "-c", folder.record_failure("test_fine")], cwd=folder.path, check=True)
    folder.program("pytest", "exit 1")
    ended = folder.make()
    assert ended.returncode != 0
    assert "No second run: pytest recorded no failed test" in ended.stderr


def test_a_file_that_cannot_be_collected_fails(folder: Folder) -> None:
    folder.write("def test_fine():\n    pass\n")
    folder.program("pytest", f"{folder.record_failure()}\nexit 1")  # as xdist's status is
    ended = folder.make()
    assert ended.returncode != 0
    assert f"No second run: could not be collected: {_TESTS}" in ended.stderr
    assert folder.recorded() == []


def test_a_test_that_fails_again_fails_even_if_the_environment_asks_for_an_early_end(
    folder: Folder,
) -> None:
    folder.write(_FLAKY.format(name="flaky") + _BROKEN.format(name="broken"))
    ended = folder.make(PYTEST_ADDOPTS="-x")
    assert ended.returncode != 0
    assert "1 failed, 1 passed" in ended.stdout
    assert f"{_TESTS}::test_broken" in ended.stderr
