"""Which translations can be made here, and how: pure but for a look into the models' folder.

Whisper itself translates into English. Into other languages goes text, with models in the
format of Argos Translate: what ``MODELS_DIR/translations`` holds, one unpacked package a folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from services.transcriber.settings import TranscriberSettings

FOLDER_NAME = "translations"
METADATA = "metadata.json"
TOKENIZER = "sentencepiece.model"
ENGLISH = "en"


@dataclass(frozen=True)
class Package:
    """A model that translates text from one language (ISO 639-1) into another."""

    source: str
    target: str
    folder: Path
    target_prefix: str = ""
    """What a model of several target languages must begin with to write this one."""


@dataclass(frozen=True)
class Route:
    """The way from speech in one language to text in another."""

    task: str
    """Whisper's: ``transcribe``, or ``translate`` into English."""
    package: Package | None = None
    """Translates the text that Whisper wrote."""


def find_packages(settings: TranscriberSettings) -> list[Package]:
    """Return the packages that are there, none without the extra ``translate``."""
    if find_spec("sentencepiece") is None:
        return []
    found = (settings.models_dir / FOLDER_NAME).glob(f"*/{METADATA}")
    return [package for path in sorted(found) if (package := _read_package(path))]


def _read_package(path: Path) -> Package | None:
    """Return the package that a file describes, or nothing if it is of another kind."""
    metadata: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    source, target = metadata.get("from_code"), metadata.get("to_code")
    if not (source and target and (path.parent / TOKENIZER).is_file()):
        return None
    return Package(source, target, path.parent, metadata.get("target_prefix") or "")


def find_route(
    spoken: str | None, wanted: str | None, packages: Sequence[Package], *, whisper_translates: bool
) -> Route | None:
    """Return how speech becomes text in the wanted language, or nothing if it cannot.

    Args:
        spoken: The language of the recording, none as long as nobody spoke.
        wanted: The language of the text; none means the spoken one.
        packages: What ``find_packages`` found.
        whisper_translates: Whether Whisper translates whatever it hears into English; its own
            translation is preferred, since it knows the sound too.
    """
    if wanted in {None, spoken}:
        return Route("transcribe")
    if wanted == ENGLISH and whisper_translates:
        return Route("translate")
    for source, task in ((spoken, "transcribe"), (ENGLISH, "translate")):
        for package in packages:
            if (package.source, package.target) == (source, wanted) and (
                task == "transcribe" or whisper_translates
            ):
                return Route(task, package)
    return None
