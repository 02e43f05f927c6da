"""The page's files: texts in both languages, and unmodified vendored scripts."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from tools.vendor_scripts import FILES, FOLDER

_STATIC = Path(__file__).parents[3] / "web" / "ui" / "static"
_SCRIPTS = [path for path in _STATIC.rglob("*.js") if "vendor" not in path.parts]
_MAX_SCRIPT_LINES = 300
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def read_texts(language: str) -> dict[str, str]:
    """Read a catalogue: a script that is JSON after `export default`."""
    text = (_STATIC / "texts" / f"{language}.js").read_text()
    texts: dict[str, str] = json.loads(text.removeprefix("export default ").rstrip(";\n"))
    return texts


PT, EN = read_texts("pt"), read_texts("en")


def test_both_languages_have_the_same_texts_and_placeholders() -> None:
    assert PT.keys() == EN.keys()
    for key, text in PT.items():
        assert sorted(_PLACEHOLDER.findall(text)) == sorted(_PLACEHOLDER.findall(EN[key])), key


def test_every_text_key_in_a_script_exists() -> None:
    source = "".join(path.read_text() for path in _SCRIPTS)
    groups = "|".join({key.partition(".")[0] for key in PT})
    assert set(re.findall(rf'"((?:{groups})\.[a-z_-]+)"', source)) <= PT.keys()
    for beginning in set(re.findall(r"translate(?:Or)?\(`([a-z]+\.[a-z_]*)\$\{", source)):
        assert any(key.startswith(beginning) for key in PT), beginning


def test_no_text_is_unused() -> None:
    source = "".join(path.read_text() for path in _SCRIPTS if path.parent.name != "texts")
    begun = tuple(set(re.findall(r"`([a-z]+\.[a-z_]*)\$\{", source)))
    left = {key for key in PT if f'"{key}"' not in source and not key.startswith(begun)}
    assert left == set()


@pytest.mark.parametrize("path", _SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_short_and_writes_no_html(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= _MAX_SCRIPT_LINES
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafeHTML", text)


@pytest.mark.parametrize("name", FILES)
def test_a_vendored_script_is_unmodified(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == FILES[name]


def test_no_other_script_is_vendored() -> None:
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}
    assert there == set(FILES)
