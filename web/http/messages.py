"""Translation of texts for people: Portuguese unless ``Accept-Language`` prefers English.

The English text is written where it is used. Its key is looked up in
``translations/pt/LC_MESSAGES/messages.po``, which ``make translations`` compiles.
"""

from gettext import NullTranslations, translation
from pathlib import Path
from typing import Final

from flask import request

__all__ = ["language", "translate"]

_PORTUGUESE: Final = "pt"
_ENGLISH: Final = "en"
_CATALOGUES: Final = {
    _PORTUGUESE: translation("messages", Path(__file__).parents[1] / "translations", [_PORTUGUESE]),
    _ENGLISH: NullTranslations(),
}


def translate(key: str, english: str, /, **facts: object) -> str:
    """Return a text in the caller's language.

    Args:
        key: The key of the text in the catalogue.
        english: The English text, also used if the catalogue lacks the key or a placeholder has
            no value.
        **facts: Values for the placeholders of the translation, such as ``%(job_id)s``.
    """
    found = _CATALOGUES[language()].gettext(key)
    if found == key:
        return english
    try:
        return found % facts
    except KeyError:
        return english


def language() -> str:
    """Return ``pt`` or ``en``; werkzeug's ``best_match`` would prefer ``en`` to ``pt-BR``."""
    for tag, quality in request.accept_languages:  # sorted by quality
        code = tag.partition("-")[0].lower()
        if quality and code in _CATALOGUES:
            return code
    return _PORTUGUESE
