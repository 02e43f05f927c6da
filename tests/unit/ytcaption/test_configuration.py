"""Precedence of the configuration, and the use of keys."""

from pathlib import Path

import pytest

from ytcaption.configuration import Configuration, load_configuration
from ytcaption.errors import UsageError

_FILE = 'url = "http://file.test"\napi_key = "of the file"\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A configuration directory with one file."""
    folder = tmp_path / "ytcaption"
    folder.mkdir()
    (folder / "config.toml").write_text(_FILE)
    (folder / "config.toml").chmod(0o600)
    return tmp_path


def load(home: Path, url: str | None = None, **environment: str) -> Configuration:
    return load_configuration({"XDG_CONFIG_HOME": str(home), **environment}, url=url)


def test_the_default_is_a_local_api(tmp_path: Path) -> None:
    assert load(tmp_path) == Configuration("http://127.0.0.1:8000")


def test_the_default_file_is_read(home: Path) -> None:
    assert load(home) == Configuration("http://file.test", "of the file")


def test_the_environment_wins_over_the_file_and_the_option_over_both(home: Path) -> None:
    given = {"YTCAPTION_URL": "http://env.test", "YTCAPTION_API_KEY": "of the environment"}
    assert load(home, **given) == Configuration("http://env.test", "of the environment")
    assert load(home, "http://option.test", **given).url == "http://option.test"


def test_the_files_key_is_not_sent_to_another_url(home: Path) -> None:
    assert load(home, "http://other.test").api_key is None
    assert load(home, "http://file.test/").api_key == "of the file"


def test_an_empty_variable_is_ignored(home: Path) -> None:
    assert load(home, YTCAPTION_URL="", YTCAPTION_API_KEY="").api_key == "of the file"


def test_an_explicit_file_replaces_the_default_one(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('url = "http://named.test"')
    assert load(home, YTCAPTION_CONFIG=str(other)).url == "http://named.test"
    assert load_configuration({}, path=other).url == "http://named.test"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("url = ", "is not valid TOML"),
        ('key = "x"', "unknown setting 'key'"),
        ("url = 7", "url must be a string"),
        (None, "No such file"),
    ],
)
def test_the_error_of_an_invalid_file_names_it(
    tmp_path: Path, text: str | None, complaint: str
) -> None:
    path = tmp_path / "c.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UsageError, match=complaint) as caught:
        load_configuration({}, path=path)
    assert str(path) in str(caught.value)


def test_a_key_that_others_can_read_causes_a_warning(home: Path) -> None:
    path = home / "ytcaption" / "config.toml"
    path.chmod(0o644)
    assert load(home).warning == f"Other users can read your API key; run: chmod 600 {path}"
    path.write_text('url = "http://file.test"')
    assert load(home).warning is None


def test_a_key_is_never_shown(home: Path) -> None:
    assert "of the file" not in repr(load(home))
