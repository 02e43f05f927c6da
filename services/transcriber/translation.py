"""Available translations and their routes: pure except for reading the models folder.

Whisper itself translates speech into English. Text is translated into other languages by models in
the format of Argos Translate, one unpacked package per folder of ``MODELS_DIR/translations``.
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
    """The token that selects this language in a model with several target languages."""


@dataclass(frozen=True)
class Route:
    """The steps from speech in one language to text in another."""

    task: str
    """Whisper's task: ``transcribe``, or ``translate`` (into English)."""
    package: Package | None = None
    """The package that translates Whisper's text, if any."""


def find_packages(settings: TranscriberSettings) -> list[Package]:
    """Return the installed packages; none without the extra ``translate``."""
    if find_spec("sentencepiece") is None:
        return []
    found = (settings.models_dir / FOLDER_NAME).glob(f"*/{METADATA}")
    return [package for path in sorted(found) if (package := _read_package(path))]


def _read_package(path: Path) -> Package | None:
    """Return the package that a metadata file describes, or ``None`` if it is of another kind."""
    metadata: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    source, target = metadata.get("from_code"), metadata.get("to_code")
    if not (source and target and (path.parent / TOKENIZER).is_file()):
        return None
    return Package(source, target, path.parent, metadata.get("target_prefix") or "")


def find_route(
    spoken: str | None, wanted: str | None, packages: Sequence[Package], *, whisper_translates: bool
) -> Route | None:
    """Return the route from speech to text in the requested language, or ``None``.

    Args:
        spoken: The language of the recording; ``None`` before any speech.
        wanted: The language of the text; ``None`` means the spoken one.
        packages: The result of ``find_packages``.
        whisper_translates: Whether Whisper can translate speech into English. Its translation is
            preferred, because it also uses the audio.
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
