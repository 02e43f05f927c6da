"""Speech that changes: speakers, languages, noise before it, a constant offset."""

import numpy as np

from benchmarks.media.case import Case, Check, Json, Said, Transcribed
from benchmarks.media.clips import Sound
from benchmarks.media.recipes import Recipe, one, said, shifted_by, with_noise
from benchmarks.media.workshop import Take
from benchmarks.services.signals import make_music

_LANGUAGES = frozenset({"language_changes"})
_DOUBTED = frozenset({"low_confidence"})  # a word that is cut in the middle can be marked


def _case(
    kind: str, name: str, recipe: Recipe, *, may: frozenset[str] = frozenset(), **more: object
) -> Case:
    options = dict(more)
    transcribed = Transcribed(recipe.said(), may_warn=may)
    return Case(kind, name, one("recording.wav", recipe), (transcribed,), options)


def _change_cases() -> list[Case]:
    pt_en, en_pt = Recipe(said("pt", "jfk")), Recipe(said("jfk", "pt"))
    both = {"pt-en": pt_en, "en-pt": en_pt, "pt-en-pt": Recipe(said("pt", "man", "pt", gap_s=0.3))}
    cases = [
        _case("change", f"{name} asked as {asked}", recipe, may=_LANGUAGES, language=asked)
        for name, recipe in both.items()
        for asked in ("auto", "en", "pt")
    ]
    quiet = (Take("austen"), Take("jfk", 7.1, ((0, 0.1),)))
    others = {
        "two speakers without a pause": Recipe(said("austen", "jfk")),
        "three speakers": Recipe(said("man", "jfk", "austen")),
        "a quiet speaker after a loud one": Recipe(quiet),
        "five seconds between": Recipe(said("man", "pt", "unless", gap_s=5)),
    }
    return cases + [_case("change", name, each, may=_LANGUAGES) for name, each in others.items()]


def _find_wrong_order(*expected: str) -> Check:
    def check(job: Json) -> str | None:
        seconds = [each["code"] for each in job.get("languages") or []]
        return None if seconds == list(expected) else f"languages in the order {seconds}"

    return check


def _language_cases() -> list[Case]:
    jfk8, pt8 = said("jfk", "jfk", "jfk", "jfk"), said(*["pt"] * 8, start_s=44.0)
    long = Recipe((*jfk8, *pt8))
    pauses = Recipe(said("pt", "pt", "jfk", "pt", "pt", "austen", "pt", "pt", gap_s=0.4))
    word = Recipe(said("jfk", "austen", "pt", "jfk", "unless", gap_s=0.5))
    warned = frozenset({"language_changes"})
    return [
        Case(
            "languages",
            name,
            one("recording.wav", recipe),
            (
                Transcribed(
                    recipe.said(), warned, most_errors=0.15, checks=(_find_wrong_order(*order),)
                ),
            ),
            options,
        )
        for name, recipe, order, options in (
            ("en x 4, pt x 8, auto", long, ("en", "pt"), {}),
            ("en x 4, pt x 8, asked as en", long, ("en", "pt"), {"language": "en"}),
            ("pt-en-pt-en-pt with short pauses", pauses, ("pt", "en"), {}),
            ("one sentence of pt in en", word, ("en", "pt"), {}),
        )
    ]


def _with_music(sound: Sound, rate_hz: int) -> Sound:
    music = make_music(20 * rate_hz, rate_hz=rate_hz).mean(axis=1).astype(np.float32)
    whole = sound.copy()
    whole[0, : len(music)] += 0.6 * music
    return whole


def _noise_cases() -> list[Case]:
    pink = Recipe((Take("jfk", 40.0),), change=(with_noise([(0, 40)], 0.2),))
    soon = Recipe((Take("austen", 41.0),), change=(with_noise([(0, 40)], 0.3),), length_s=49)
    white = Recipe(
        (Take("jfk", 20.0),), length_s=51, change=(with_noise([(0, 20), (31, 51)], 0.02, color=0),)
    )
    brown = Recipe((Take("jfk", 60.0),), change=(with_noise([(0, 60)], 0.25, color=2),))
    bursts = Recipe(
        (Take("austen", 15.0), Take("jfk", 40.0)), change=(with_noise([(0, 14), (24, 39.5)], 0.2),)
    )
    music = Recipe((Take("jfk", 21.0),), change=(_with_music,))
    under = Recipe((Take("jfk", 5.0),), length_s=20, change=(with_noise([(0, 20)], 0.006),))
    return [
        _case("noise", name, recipe)
        for name, recipe in (
            ("40 s of loud pink noise, then speech", pink),
            ("louder pink noise and one second of silence", soon),
            ("white noise before and after", white),
            ("a minute of brown noise", brown),
            ("noise, speech, noise, speech", bursts),
            ("music, then speech", music),
            ("speech amid quiet noise", under),
        )
    ]


def _offset_one(sound: Sound, _rate_hz: int) -> Sound:
    whole = sound.copy()
    whole[0] = whole[0] * np.float32(0.6) + np.float32(0.35)
    return whole


def _offset_cases() -> list[Case]:
    both = Take("jfk", 0.0, ((0, 1.0), (1, 1.0)))
    cases = [
        _case("offset", f"{offset:+} in a WAV", Recipe(change=(shifted_by(offset),)))
        for offset in (0.05, 0.3, -0.3)
    ]
    floats = Recipe(change=(shifted_by(0.5),), is_float=True)
    one_channel = Recipe((both,), channels=2, change=(_offset_one,))
    far = Recipe(
        said("austen", "jfk", gap_s=3),
        change=(lambda sound, _: sound + np.float32(2),),
        is_float=True,
    )
    coded = Recipe(change=(shifted_by(0.3),), encode=("-c:a", "flac"))
    return [
        *cases,
        _case("offset", "+0.5 in floats", floats),
        _case("offset", "on one channel of two", one_channel, may=frozenset({"clipped"})),
        _case("offset", "+2 in floats", far, may=frozenset({"clipped"})),
        Case("offset", "+0.3 in FLAC", one("recording.flac", coded), (Transcribed(coded.said()),)),
    ]


def _end_cases() -> list[Case]:
    cut = Recipe(length_s=10.4)
    middle = Recipe(said("austen", "jfk"), length_s=16.0)
    return [
        Case(
            "ends",
            name,
            one("recording.wav", recipe),
            (Transcribed((*recipe.said()[:-1], last), may_warn=_DOUBTED, ends_s=recipe.length_s),),
        )
        for name, recipe, last in (
            ("within the last word", cut, Said("jfk", 0, until_s=10.4)),
            ("within a sentence", middle, Said("jfk", 7.1, until_s=8.9)),
        )
    ]


CASES = [
    *_change_cases(),
    *_language_cases(),
    *_noise_cases(),
    *_offset_cases(),
    *_end_cases(),
]
