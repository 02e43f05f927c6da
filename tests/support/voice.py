"""The words that this project's English avoids, and a finder for them.

``python -m tests.support.voice`` counts the findings of each folder, ``… FOLDER`` prints them.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.project import ROOT

__all__ = ["FOLDERS", "Finding", "find", "find_in_text"]

_HAS_URL: Final = "video|service|client|page|job|file|media|playlist|collector|callback|instance"
WORDS: Final = (
    (r"signs? of life", "heartbeat"),
    (r"(?:signed|same|no|each|the|a|an|of) notices?|notices (?:to|of|are|is)", "webhook, delivery"),
    (r"figures?", "metric, statistics, number"),
    (rf"(?:its|{_HAS_URL})(?:'s)? (?:own )?address(?:es)?", "URL"),
    (rf"address(?:es)? of (?:a |an |the |its |any |another )?(?:{_HAS_URL})s?", "URL"),
    (r"line (?:for|to|of|by) (?:jobs|a service|the services|a worker|priority)", "queue"),
    (r"(?:first in|in the|in its|in|'s) line(?! \d)", "queue, admission queue"),
    (r"clients?'s? (?:own )?notes", "metadata"),
    (r"processors?", "CPU, core"),
    (r"tells?|told|telling", "reports, returns, is notified"),
    (r"anew|over again|begun again", "again, from scratch"),
    (r"whoever|whomever|(?:for|by|of|to) who|who comes after", "a client that, the caller"),
    (r"of (?:no |any )?use", "useful, invalid"),
    (r"begins?|begun|began", "start"),
    (
        r"(?:process|processes|workers?|tasks?|gunicorn|celery|redis) ends?",
        "exits, completes, fails",
    ),
    (r"hears?|heard", "receives; transcribes"),
    (r"gives? (?:it|them|its|a|an|the|no|back)|hands? (?:it|them|out|on)", "return, pass"),
    (r"stands?|stood", "is, is stored"),
    (r"places?", "instance, position, slot"),
    (r"in so many words|without a word|stable word", "code, name, value"),
    (r"(?:make|makes|made|no|more|enough|free|the) room|room for", "capacity, space"),
    (r"by the way|on the way|along the way", "path, route, in transit"),
    (
        r"spoil(?:s|t|ed|ing)?|bur(?:y|ied|ies)|str(?:ike|ikes|uck) off",
        "invalid, recovered, confirmed",
    ),
    (r"(?:lies|lie|lay) (?:in|on|beside|there|under)", "is, is stored"),
    (
        r"(?:came|comes|come) to nothing|is no more|made no sense|makes no sense",
        "failed, is invalid",
    ),
    (r"done without|does without|do without", "continues without"),
    (r"errands?|heap of|odd ones|habits of", "the technical term"),
)
"""Expressions for whole words, in any letter case, each with its replacement."""

ALLOWED: Final = (
    (r"(?:in|into|out of|take|takes|taking|took) place(?! of| for)", "the idiom"),
    (r"in place of", "the idiom"),
    (r"(?:decimal|binary) places?", "the term of arithmetic"),
    (r"stands? for|stand-ins?|stand-alone", "an abbreviation; a test double"),
    (r"(?:span|log|post|batch)[ -]?processors?", "the term of OpenTelemetry and yt-dlp"),
    (r"Xeon\(R\) Processor", "the name of a product"),
    (r"(?:can|could|cannot) be heard|hear(?:s|d)? (?:a|the) (?:sound|tone|noise)", "sound"),
    (r"figures? of (?:a )?speech", "the idiom"),
    (r"event will \(begin|premiere will begin", "texts of YouTube"),
    (r"p begin", "an attribute of TTML"),
    (r"stand \(somewhere\)|standing", "the idiom"),
)
"""Matches of `WORDS` that are correct, each with the reason."""

OPENING: Final = re.compile(r"(?:What|Which|Who|Whose|Where|When)\b(?!.*\?)")
"""A docstring that starts so is a clause: start with a noun ("The ...") or an imperative."""

FOLDERS: Final = {
    "documentation": ("docs", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples"),
    "deployment": ("deploy", "Dockerfile", "docker-compose.yml", "Makefile", "mkdocs.yml"),
    "tools": ("tools",),
    "benchmarks": ("benchmarks",),
    "foundation": ("foundation",),
    **{
        parent: tuple(path.relative_to(ROOT).as_posix() for path in (ROOT / parent).glob("*.py"))
        for parent in ("orchestrator", "web", "services")
    },
    **{
        folder: (folder,)
        for parent in ("orchestrator", "web", "services")
        for folder in sorted(
            path.relative_to(ROOT).as_posix()
            for path in (ROOT / parent).iterdir()
            if path.is_dir() and path.name not in {"__pycache__", "translations", "static"}
        )
    },
    "tasks": ("tasks", "celeryconfig.py", "flowerconfig.py"),
    "ytcaption": ("ytcaption",),
    "unit tests": ("tests/unit",),
    "integration tests": ("tests/integration",),
    "contract tests": ("tests/contract",),
    "end-to-end tests": ("tests/e2e",),
    "chaos tests": ("tests/chaos",),
    "system tests": ("tests/system",),
    "test support": ("tests/support", "tests/conftest.py"),
}
"""The parts of the project, which are checked separately."""

NAMES: Final = re.compile(
    r"^ *(?:async )?def (_*(?:tell|told|know|mind|say|bury|hear|give|note)(?:_\w+)?)\(",
    re.MULTILINE,
)
"""Functions whose name starts with a verb that does not say what they do."""

_GENERATED: Final = {"docs/reference/settings.md", "docs/reference/metrics.md"}
_OWN: Final = {"tests/support/voice.py", "tests/unit/test_voice.py"}
_TEXTS: Final = {".md", ".yml", ".yaml", ".lua", ".tpl", ".service", ".target", ""}
_FENCES: Final = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"``[^`]+``|`[^`\n]+`|\]\([^)]*\)|<!--.*?-->")
_PYTHON: Final = re.compile(
    r'"""(?P<docstring>(?:[^\\]|\\[\s\S])*?)"""|"(?P<string>(?:[^"\\\n]|\\[\s\S])*)"|(?P<comment>#.*)'
)
"""Strings and comments. Strings have double quotes: the formatter makes sure of it."""
_ALLOWED: Final = re.compile("|".join(rf"\b(?:{found})\b" for found, _ in ALLOWED), re.IGNORECASE)
_WORDS: Final = [
    (re.compile(rf"\b(?:{found})\b", re.IGNORECASE), instead) for found, instead in WORDS
]
_ANY: Final = re.compile(rf"\b(?:{'|'.join(found for found, _ in WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """A word to replace, and by what."""

    file: str
    line: int
    found: str
    instead: str

    def __str__(self) -> str:
        """Return the finding as linters print theirs."""
        return f"{self.file}:{self.line}: {self.found!r}: write {self.instead}"


def find(folder: str) -> list[Finding]:
    """Return the findings in one of `FOLDERS`."""
    return [
        finding
        for name in FOLDERS[folder]
        for path in _files(ROOT / name)
        for finding in _find_in_file(path)
    ]


def find_in_text(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield the offset of each word to replace, the word, and what to write instead."""
    text = _CODE.sub(lambda code: " " * len(code[0]), text)
    if not _ANY.search(text):
        return
    text = _ALLOWED.sub(lambda allowed: "_" * len(allowed[0]), text)
    for pattern, instead in _WORDS:
        for found in pattern.finditer(text):
            yield found.start(), found[0], instead


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for each in sorted(path.rglob("*")):
        name = each.relative_to(ROOT).as_posix()
        ignored = name in _GENERATED | _OWN or "__pycache__" in name or "/static/" in name
        if each.is_file() and not ignored and each.suffix in _TEXTS | {".py"}:
            yield each


def _find_in_file(path: Path) -> Iterator[Finding]:
    name = path.relative_to(ROOT).as_posix()
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        for named in NAMES.finditer(source):
            line = source.count("\n", 0, named.start(1)) + 1
            yield Finding(name, line, named[1], "check_…, update_…, translate, record")
        texts = _python_texts(source, is_test=name.startswith("tests/"))
    else:
        texts = iter([(1, _FENCES.sub(_blank, source), False)])
    for line, text, is_docstring in texts:
        if is_docstring and (opening := OPENING.match(text)):
            yield Finding(name, line, opening[0], "a noun or an imperative first")
        for offset, found, instead in find_in_text(text):
            yield Finding(name, line + text.count("\n", 0, offset), found, instead)


def _blank(fence: re.Match[str]) -> str:
    return "\n" * fence[0].count("\n")


def _python_texts(source: str, *, is_test: bool) -> Iterator[tuple[int, str, bool]]:
    """Yield docstrings, comments, and the texts that somebody reads: logs, errors, help.

    Of a test only docstrings and comments: its strings are data.
    """
    line, end = 1, 0
    for token in _PYTHON.finditer(source):
        line += source.count("\n", end, token.start())
        end = token.start()
        text = token["comment"] or token["docstring"] or ""
        if not text and not is_test:
            text = token["string"] or ""
        if " " in text:
            opens_block = not source[:end].rstrip() or source[:end].rstrip().endswith(":")
            yield line, text, bool(token["docstring"]) and opens_block


if __name__ == "__main__":
    if asked := sys.argv[1:]:
        lines = [str(finding) for folder in asked for finding in find(folder)]
    else:
        lines = [f"{len(find(folder)):5}  {folder}" for folder in FOLDERS]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
