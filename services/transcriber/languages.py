"""The languages that Whisper knows, and what can be translated."""

from typing import Any

from services.transcriber.bundled import BUNDLED
from services.transcriber.settings import TranscriberSettings
from services.transcriber.translation import ENGLISH, find_packages, find_route

AUTO = "auto"
# The models that the engine knows by name; any other of the hub works by its full name.
MODELS = (BUNDLED, "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo")
# The short codes of ISO 639-1, and Hawaiian, which has none. The newest models alone know
# Cantonese as a language of its own; all of them take it as Chinese.
NAMES = dict(
    pair.split(":")
    for pair in [
        "af:Afrikaans",
        "am:Amharic",
        "ar:Arabic",
        "as:Assamese",
        "az:Azerbaijani",
        "ba:Bashkir",
        "be:Belarusian",
        "bg:Bulgarian",
        "bn:Bengali",
        "bo:Tibetan",
        "br:Breton",
        "bs:Bosnian",
        "ca:Catalan",
        "cs:Czech",
        "cy:Welsh",
        "da:Danish",
        "de:German",
        "el:Greek",
        "en:English",
        "es:Spanish",
        "et:Estonian",
        "eu:Basque",
        "fa:Persian",
        "fi:Finnish",
        "fo:Faroese",
        "fr:French",
        "gl:Galician",
        "gu:Gujarati",
        "ha:Hausa",
        "haw:Hawaiian",
        "he:Hebrew",
        "hi:Hindi",
        "hr:Croatian",
        "ht:Haitian",
        "hu:Hungarian",
        "hy:Armenian",
        "id:Indonesian",
        "is:Icelandic",
        "it:Italian",
        "ja:Japanese",
        "jv:Javanese",
        "ka:Georgian",
        "kk:Kazakh",
        "km:Khmer",
        "kn:Kannada",
        "ko:Korean",
        "la:Latin",
        "lb:Luxembourgish",
        "ln:Lingala",
        "lo:Lao",
        "lt:Lithuanian",
        "lv:Latvian",
        "mg:Malagasy",
        "mi:Maori",
        "mk:Macedonian",
        "ml:Malayalam",
        "mn:Mongolian",
        "mr:Marathi",
        "ms:Malay",
        "mt:Maltese",
        "my:Burmese",
        "ne:Nepali",
        "nl:Dutch",
        "nn:Nynorsk",
        "no:Norwegian",
        "oc:Occitan",
        "pa:Punjabi",
        "pl:Polish",
        "ps:Pashto",
        "pt:Portuguese",
        "ro:Romanian",
        "ru:Russian",
        "sa:Sanskrit",
        "sd:Sindhi",
        "si:Sinhala",
        "sk:Slovak",
        "sl:Slovenian",
        "sn:Shona",
        "so:Somali",
        "sq:Albanian",
        "sr:Serbian",
        "su:Sundanese",
        "sv:Swedish",
        "sw:Swahili",
        "ta:Tamil",
        "te:Telugu",
        "tg:Tajik",
        "th:Thai",
        "tk:Turkmen",
        "tl:Tagalog",
        "tr:Turkish",
        "tt:Tatar",
        "uk:Ukrainian",
        "ur:Urdu",
        "uz:Uzbek",
        "vi:Vietnamese",
        "yi:Yiddish",
        "yo:Yoruba",
        "zh:Chinese",
    ]
)
_WHISPER_CODES = {"jv": "jw"}  # Whisper writes Javanese as ISO 639-1 did until 2001
_ISO_CODES = {whisper: iso for iso, whisper in _WHISPER_CODES.items()}


def to_whisper_code(code: str) -> str:
    """Return what Whisper calls a language of ISO 639-1."""
    return _WHISPER_CODES.get(code, code)


def from_whisper_code(code: str) -> str:
    """Return the code of ISO 639-1 for a language that Whisper named."""
    return _ISO_CODES.get(code, code)


def is_english_only(model: str) -> bool:
    """Return whether a model's name says that it knows no language but English."""
    return model.endswith(".en") or "distil-" in model


def can_translate(model: str) -> bool:
    """Return whether a model can translate into English.

    The turbo models were trained without translations and answer in the spoken language.
    """
    return not is_english_only(model) and "turbo" not in model


def list_known(model: str) -> dict[str, str]:
    """Return the names of the languages that a model transcribes, by code."""
    return {ENGLISH: NAMES[ENGLISH]} if is_english_only(model) else NAMES


def list_pairs(settings: TranscriberSettings) -> list[dict[str, str]]:
    """Return every translation that can be made, the ones that packages add included."""
    model, packages = settings.whisper_model, find_packages(settings)
    targets = [ENGLISH, *sorted({package.target for package in packages} - {ENGLISH})]
    hears_english = can_translate(model)
    return [
        {"from": spoken, "to": wanted}
        for wanted in targets
        for spoken in list_known(model)
        if spoken != wanted
        and find_route(spoken, wanted, packages, hears_english=hears_english) is not None
    ]


def languages(settings: TranscriberSettings | None = None) -> dict[str, Any]:
    """Return the answer to ``GET /languages``; no model is loaded for it.

    Args:
        settings: Read from the environment if not given.
    """
    settings = settings or TranscriberSettings()
    model = settings.whisper_model
    return {
        "languages": [{"code": code, "name": name} for code, name in list_known(model).items()],
        "translations": list_pairs(settings),
        "model": model,
        "models": sorted({*MODELS, model}),
    }
