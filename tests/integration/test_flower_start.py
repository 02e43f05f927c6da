"""How Flower's container starts: with the password that was chosen, else with one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_PROJECT = Path(__file__).parents[2]
_CHOSEN = "ann:secret"


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A folder as the container has it, and a ``celery`` that only tells what it was given."""
    (tmp_path / "orchestrator").mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "celery").write_text('#!/bin/sh\necho "celery $* as ${FLOWER_BASIC_AUTH:-none}"\n')
    (programs / "celery").chmod(0o755)
    return tmp_path


def start(container: Path, **variables: str) -> str:
    """Run the start script; returns what is said."""
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


def test_without_a_password_one_is_made_for_each_start_and_told(container: Path) -> None:
    told = [start(container, FLOWER_BASIC_AUTH="") for _ in range(2)]

    assert told[0] != told[1]
    for text in told:
        made = text.split("it is ")[1].split("\n")[0]
        assert made.startswith("operator:")
        assert text.endswith(f"as {made}\n")


def test_a_password_of_the_environment_is_taken(container: Path) -> None:
    told = start(container, FLOWER_BASIC_AUTH=_CHOSEN)

    assert told == f"celery -A tasks.app flower --address=0.0.0.0 --port=5555 as {_CHOSEN}\n"


def test_a_password_of_orchestrator_env_is_taken(container: Path) -> None:
    (container / "orchestrator" / ".env").write_text(f"FLOWER_BASIC_AUTH={_CHOSEN}\n")

    told = start(container, FLOWER_BASIC_AUTH="")  # as docker-compose.yml gives it

    assert "until the next start" not in told, "made one though there is one"
    assert told.endswith("as none\n"), "and would hide the one there"
