"""The preferred JavaScript runtime is found."""

from pathlib import Path

import pytest

from services.downloader.runtimes import search_runtime


def install(directory: Path, name: str, answer: str) -> None:
    program = directory / name
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("programs", "found"),
    [
        ({"deno": "deno 2.9.8 (stable)", "node": "v24.1.0"}, ("deno", "2.9.8")),
        ({"deno": "deno 2.2.0", "node": "v24.1.0"}, ("node", "24.1.0")),
        ({"node": "v20.20.2"}, None),
        ({"deno": "no version here"}, None),
        ({}, None),
    ],
)
def test_the_preferred_runtime_that_is_recent_enough_is_used(
    tmp_path: Path, programs: dict[str, str], found: tuple[str, str] | None
) -> None:
    for name, answer in programs.items():
        install(tmp_path, name, answer)
    runtime = search_runtime([str(tmp_path)])
    assert (runtime and (runtime.name, runtime.version)) == found


def test_a_program_that_does_not_start_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "deno").write_text("no program")
    (tmp_path / "deno").chmod(0o755)
    assert search_runtime([str(tmp_path)]) is None
