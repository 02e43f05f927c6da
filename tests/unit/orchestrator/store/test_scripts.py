"""Commands in Python and their functions in Lua have the same names and arguments."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.store import commands
from orchestrator.store.scripts import read_file, read_script

_CLASSES = {name: getattr(commands, name) for name in commands.__all__ if name != "Command"}
_NOUNS = [path.stem for path in Path("orchestrator/store/lua").glob("*.lua")]
_FUNCTIONS = dict(
    re.findall(
        r"^function commands\.(\w+)\(args\)\n(.*?)^end$",
        "".join(map(read_file, _NOUNS)),
        re.MULTILINE | re.DOTALL,
    )
)


def test_every_command_has_a_function() -> None:
    assert set(_FUNCTIONS) == set(_CLASSES)


@pytest.mark.parametrize("name", _CLASSES)
def test_a_function_uses_only_arguments_of_its_command(name: str) -> None:
    used = set(re.findall(r"\bargs\.(\w+)", _FUNCTIONS[name]))
    assert used <= {field.name for field in fields(_CLASSES[name])}


def test_a_field_that_is_none_is_left_out() -> None:
    assert commands.RecoverJob("a1", "w").encode() == '{"job_id":"a1","worker":"w"}'


@pytest.mark.parametrize("name", _CLASSES)
def test_a_script_defines_what_it_calls_and_no_other_command(name: str) -> None:
    script = read_script(name)
    assert re.findall(r"^function commands\.(\w+)", script, re.MULTILINE) == [name]
    code = re.sub(r"--.*|'[^']*'", "", script)
    defined = set(re.findall(r"\bfunction (\w+)\(", code)) | {"tonumber", "unpack", "next", "type"}
    called = set(re.findall(r"(?<![.:\w])(?<!function )(\w+)\(", code)) - {"function", "and", "or"}
    assert called - defined - {"ipairs", "pairs", "not", "if", "return"} == set()
    constants = set(re.findall(r"\b[A-Z][A-Z_]{2,}\b", code)) - {"KEYS", "ARGV"}
    assert constants <= set(re.findall(r"^local ([A-Z_]+) =", script, re.MULTILINE))
