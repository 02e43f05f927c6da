"""Usage errors, before any request."""

import json
import tomllib
from pathlib import Path

import pytest

from ytcaption import __version__
from ytcaption.commands.app import run
from ytcaption.commands.exits import ExitCode


def end(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        run(arguments)
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("YTCAPTION_URL", "YTCAPTION_API_KEY", "YTCAPTION_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def test_the_version_is_the_projects(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())
    assert end("--version") == 0
    assert capsys.readouterr().out.strip() == __version__ == project["project"]["version"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["transcribe"], "Missing argument"),
        (["transcribe", "no-such-file.wav"], "No such file: no-such-file.wav"),
        (["transcribe", "http://v.test/a", "-f", "doc"], "'doc' is not one of"),
        (["transcribe", "http://v.test/a", "--note", "x"], "KEY=VALUE"),
        (
            ["transcribe", "http://v.test/a", "-o", "/no/such/out.srt"],
            "No such directory: /no/such",
        ),
        (["transcribe", "http://v.test/a", "--channels", "left"], "'left' is not one of"),
        (["transcribe", "ftp://ann:s3cret@v.test/a"], "No such file: ftp://v.test/a"),
        (["jobs", "--limit", "0"], "--limit"),
        (["show", "../admin/stats"], "is not a valid id"),
        (["show", ".."], "is not a valid id"),
        (["show", ""], "is not a valid id"),
        (["--url", "example.org", "jobs"], "is not a valid URL"),
        (["--url", "http://a:b", "jobs"], "is not a valid URL"),
        (["--config", "/no/such.toml", "jobs"], "/no/such.toml"),
        (["sing"], "No such command"),
    ],
)
def test_a_usage_error_is_reported_and_exits_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert end(*arguments) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert complaint in err
    assert out == ""


def test_an_invalid_key_is_not_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YTCAPTION_API_KEY", "clé")
    assert end("jobs") == ExitCode.USAGE
    assert "clé" not in capsys.readouterr().err


def test_with_json_errors_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert end("show", "..", "--json") == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {"error": "UsageError", "detail": "'..' is not a valid id"}
