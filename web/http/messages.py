"""What people read, in their language: Portuguese unless ``Accept-Language`` prefers English.

Texts are written in English where they are used and looked up by key in the catalogue of the
caller's language, ``translations/pt/LC_MESSAGES/messages.po``; ``make translations`` compiles it.
"""

from gettext import NullTranslations, translation
from pathlib import Path
from typing import Final

from flask import request

__all__ = ["language", "say"]

_PORTUGUESE: Final = "pt"
_ENGLISH: Final = "en"
_CATALOGUES: Final = {
    _PORTUGUESE: translation("messages", Path(__file__).parents[1] / "translations", [_PORTUGUESE]),
    _ENGLISH: NullTranslations(),
}


def say(key: str, english: str, /, **facts: object) -> str:
    """Return a message in the caller's language.

    Args:
        key: The message's name in the catalogues.
        english: The finished text, for English and for what a catalogue lacks.
        **facts: What the catalogue's text has a place for, as ``%(name)s``.
    """
    found = _CATALOGUES[language()].gettext(key)
    if found == key:
        return english
    try:
        return found % facts
    except KeyError:
        return english  # a text that tells the facts is better than one with holes


def language() -> str:
    """Return the code of the caller's language; werkzeug's choice prefers ``en`` to ``pt-BR``."""
    for tag, quality in request.accept_languages:  # best first
        code = tag.partition("-")[0].lower()
        if quality and code in _CATALOGUES:
            return code
    return _PORTUGUESE
