"""What people read, in their language: Portuguese unless ``Accept-Language`` prefers English.

Texts are written in English where they are used and looked up by key in the catalogue of the
caller's language, ``translations/pt/LC_MESSAGES/messages.po``; ``make translations`` compiles it.
"""

from typing import Final

from flask import Flask, request
from flask_babel import Babel, get_locale, gettext

__all__ = ["language", "register_messages", "say"]

_LANGUAGES: Final = ("pt", "en")


def register_messages(app: Flask) -> None:
    """Have messages of this app follow the language of whoever asks."""
    Babel(app, default_locale=_LANGUAGES[0], locale_selector=_preferred)


def say(key: str, english: str, /, **facts: object) -> str:
    """Return a message in the caller's language.

    Args:
        key: The message's name in the catalogues.
        english: The finished text, for English and for what a catalogue lacks.
        **facts: What the catalogue's text has a place for, as ``%(name)s``.
    """
    found: str = gettext(key)
    if found == key:
        return english
    try:
        return found % facts
    except KeyError:
        return english  # a text that tells the facts is better than one with holes


def language() -> str:
    """Return the code of the caller's language."""
    return str(get_locale())


def _preferred() -> str | None:
    """Return the language; werkzeug's own choice prefers ``en`` to a better-liked ``pt-BR``."""
    for tag, quality in request.accept_languages:  # best first
        code = tag.partition("-")[0].lower()
        if quality and code in _LANGUAGES:
            return code
    return None
