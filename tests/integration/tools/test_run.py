"""``make run`` checks the settings before it starts a process."""

import os
import subprocess
import sys

import pytest

from tests.support.project import ROOT


@pytest.mark.parametrize("variable", ["WORKERS", "HEARTBEAT_TTL_SECONDS"])
def test_nothing_is_started_with_invalid_settings(variable: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.run"],
        cwd=ROOT,
        env={**os.environ, variable: "many"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("cannot start: ")
    assert f"{variable}: " in done.stderr
