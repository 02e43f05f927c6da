"""The systemd units are valid and match the Procfile."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestrator.settings import Settings
from tests.support.project import ROOT

_FOLDER = ROOT / "deploy" / "systemd"
_HOME = "/opt/ytcaption"
_UNITS = (
    *("ytcaption.target", "ytcaption-api.service", "ytcaption-beat.service"),
    *("ytcaption-worker@1.service", "ytcaption-worker@2.service"),
    *(
        f"ytcaption-service{kind}@{name}.service"
        for kind in ("", "-worker")
        for name in ("downloader", "normalizer", "transcriber")
    ),
)
_TRANSFER_S = Settings.model_fields["shutdown_transfer_s"].default


def settings_of(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))


def services() -> dict[str, str]:
    return {file.name: file.read_text() for file in _FOLDER.glob("*.service")}


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units in systemd's folder, and programs in the units' paths."""
    home = tmp_path / "home"
    (home / ".venv" / "bin").mkdir(parents=True)
    for program in ("gunicorn", "celery"):
        (home / ".venv" / "bin" / program).write_text("#!/bin/sh\n")
        (home / ".venv" / "bin" / program).chmod(0o755)
    units = tmp_path / "units"
    units.mkdir()
    for file in _FOLDER.iterdir():
        (units / file.name).write_text(file.read_text().replace(_HOME, str(home)))
    return units


def verify(unit: Path) -> str:
    """Return systemd's errors about a unit."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.fail("systemd-analyze is needed; on Debian and Ubuntu: apt install systemd")
    ended = subprocess.run(
        [program, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    return ended.stdout + ended.stderr + ("" if ended.returncode == 0 else "refused")


@pytest.mark.parametrize("name", _UNITS)
def test_systemd_accepts_a_unit(installed: Path, name: str) -> None:
    assert verify(installed / name) == ""


def test_systemd_refuses_what_it_does_not_know(installed: Path) -> None:
    unit = installed / "ytcaption-api.service"
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=sometimes"))
    assert "sometimes" in verify(unit)


def test_every_unit_file_is_one_that_was_looked_at() -> None:
    files = {re.sub(r"@\w+", "@", name) for name in _UNITS}
    assert {file.name for file in _FOLDER.iterdir()} == files


@pytest.mark.parametrize("name", services())
def test_a_unit_starts_what_make_run_starts(name: str) -> None:
    command = settings_of(services()[name])["ExecStart"].removeprefix(f"{_HOME}/.venv/bin/")
    procfile = (ROOT / "Procfile").read_text().replace("downloader", "%i")
    assert command.partition(" --schedule")[0] in procfile


@pytest.mark.parametrize("name", services())
def test_a_process_is_started_again_and_given_time_to_end(name: str) -> None:
    found = settings_of(services()[name])
    assert found["Restart"] == "always"
    assert float(found["TimeoutStopSec"]) > _TRANSFER_S
    assert found["User"] == "ytcaption"
