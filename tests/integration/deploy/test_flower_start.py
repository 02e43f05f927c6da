"""The start script of Flower's container: configured or generated password."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[3]
_CHOSEN = "ann:secret"


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """The container's working directory, with a fake ``celery`` that prints its arguments."""
    (tmp_path / "orchestrator").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "celery").write_text('#!/bin/sh\necho "celery $* as ${FLOWER_BASIC_AUTH:-none}"\n')
    (programs / "celery").chmod(0o755)
    return tmp_path


def start(container: Path, **variables: str) -> str:
    """Run the start script and return its output."""
    ended = subprocess.run(
        [_PROJECT / "deploy" / "image" / "flower"],
        cwd=container,
        env={
            "PATH": f"{container / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(_PROJECT),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout


def test_without_a_password_each_start_generates_and_prints_one(container: Path) -> None:
    output = [start(container, FLOWER_BASIC_AUTH="") for _ in range(2)]

    assert output[0] != output[1]
    for text in output:
        made = text.split("it is ")[1].split("\n")[0]
        assert made.startswith("operator:")
        assert text.endswith(f"as {made}\n")


def test_a_password_in_the_environment_is_used(container: Path) -> None:
    output = start(container, FLOWER_BASIC_AUTH=_CHOSEN)

    assert output == f"celery -A tasks.app flower --address=0.0.0.0 --port=5555 as {_CHOSEN}\n"


def test_a_password_in_the_env_file_is_used(container: Path) -> None:
    (container / "orchestrator" / ".env").write_text(f"FLOWER_BASIC_AUTH={_CHOSEN}\n")

    output = start(container, FLOWER_BASIC_AUTH="")  # as set by docker-compose.yml

    assert "until the next start" not in output, "generated a password although one is configured"
    assert output.endswith("as none\n"), "the variable would override the file"
