"""The languages that Whisper supports, and the available translations."""

from typing import Any

from foundation import language_tags
from services.kit.work import WorkError
from services.transcriber.bundled import BUNDLED
from services.transcriber.encoder_file import require_encoder
from services.transcriber.settings import TranscriberSettings
from services.transcriber.translation import ENGLISH, find_packages, find_route

AUTO = "auto"
# Models that faster-whisper resolves by name; any other model of the hub works by its full name.
MODELS = (BUNDLED, "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo")
CHINESE = "zh"
CANTONESE = "yue"
# The two-letter codes of ISO 639-1, and Hawaiian and Cantonese, which have none.
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
        "yue:Cantonese",
        "zh:Chinese",
    ]
)
_WHISPER_CODES = {"jv": "jw"}  # Whisper writes Javanese as ISO 639-1 did until 2001
_ISO_CODES = {whisper: iso for iso, whisper in _WHISPER_CODES.items()}
_CODES = frozenset(NAMES)


def find_code(tag: str) -> str | None:
    """Return the code in ``NAMES`` for a language tag, or ``None``.

    Args:
        tag: See ``foundation.language_tags.find_code``.
    """
    return language_tags.find_code(tag, _CODES)


def fit_code(code: str, model: str) -> str:
    """Return a model's code for a language: most models treat Cantonese as Chinese."""
    return CHINESE if code == CANTONESE and not supports_cantonese(model) else code


def to_whisper_code(code: str, model: str = "") -> str:
    """Return a Whisper model's code for a language.

    Args:
        code: One of ``NAMES``.
        model: The model's name. The default is a model without Cantonese.
    """
    code = fit_code(code, model)
    return _WHISPER_CODES.get(code, code)


def from_whisper_code(code: str) -> str:
    """Return the ISO 639-1 code of one of Whisper's language codes."""
    return _ISO_CODES.get(code, code)


def is_english_only(model: str) -> bool:
    """Return whether a model, by its name, supports only English."""
    return model.endswith(".en") or "distil-" in model


def can_translate(model: str) -> bool:
    """Return whether a model can translate into English.

    The turbo models were trained without translations and write the spoken language.
    """
    return not is_english_only(model) and "turbo" not in model


def supports_cantonese(model: str) -> bool:
    """Return whether a model has Cantonese as a separate language: large-v3 and later."""
    return "large-v3" in model or model in {"large", "turbo"}


def list_supported(model: str) -> dict[str, str]:
    """Return the names of the languages that a model transcribes, by code."""
    if is_english_only(model):
        return {ENGLISH: NAMES[ENGLISH]}
    if supports_cantonese(model):
        return dict(NAMES)
    return {code: name for code, name in NAMES.items() if code != CANTONESE}


def can_diarize(settings: TranscriberSettings) -> bool:
    """Return whether diarization is available; does not load a model."""
    try:
        require_encoder(settings)
    except WorkError:
        return False
    return True


def list_pairs(settings: TranscriberSettings) -> list[dict[str, str]]:
    """Return every available translation, including those of installed packages."""
    model, packages = settings.whisper_model, find_packages(settings)
    targets = [ENGLISH, *sorted({package.target for package in packages} - {ENGLISH})]
    whisper_translates = can_translate(model)
    return [
        {"from": spoken, "to": wanted}
        for wanted in targets
        for spoken in list_supported(model)
        if spoken != wanted
        and find_route(spoken, wanted, packages, whisper_translates=whisper_translates) is not None
    ]


def languages(settings: TranscriberSettings | None = None) -> dict[str, Any]:
    """Return the response of ``GET /languages``; does not load a model.

    Args:
        settings: Read from the environment if not given.
    """
    settings = settings or TranscriberSettings()
    model = settings.whisper_model
    return {
        "languages": [{"code": code, "name": name} for code, name in list_supported(model).items()],
        "translations": list_pairs(settings),
        "model": model,
        "models": sorted({*MODELS, model}),
        "diarize": can_diarize(settings),
    }
